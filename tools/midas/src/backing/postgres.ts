import { chmod, chown, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { ROOT } from '../paths.ts';
import { endProcess, stopDetached } from '../process/detached.ts';
import { ensureRunning } from '../process/ensure.ts';
import { fingerprintOf } from '../process/fingerprint.ts';
import { startOf } from '../process/identity.ts';
import type { ProcessRecord } from '../process/pidfile.ts';
import { run, tryRun } from '../process/run.ts';
import { findPostgres, type PostgresFiles } from './postgres-files.ts';

const NAME = 'postgres';
const SUPERUSER = 'midas';
const SETTINGS = join(ROOT, 'infra/postgres/postgresql.conf');

export const postgresUrl = (port: number, password: string): string =>
  `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;

/** The server's version, once it takes connections; undefined while it does not. */
export const postgresVersion = async (url: string): Promise<string | undefined> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  // A server that goes away between connecting and asking is reported by the query.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const answer = await client.query<{ server_version: string }>('SHOW server_version');
    return answer.rows[0]?.server_version;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
};

const initialise = async (files: PostgresFiles, password: string): Promise<void> => {
  if (await stat(join(files.data, 'PG_VERSION')).catch(() => undefined)) return;
  // Made beside its place and renamed, so that a first start that was cut off leaves nothing half-made.
  const partial = `${files.data}.partial`;
  const passwordFile = `${files.data}.password`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(partial), { recursive: true });
  await mkdir(partial, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  try {
    if (files.user) {
      await chown(partial, files.user.uid, files.user.gid);
      await chown(passwordFile, files.user.uid, files.user.gid);
    }
    const options = [
      `--pgdata=${partial}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
    ];
    await run(files.initdb, options, 'PostgreSQL could not set up its data folder.', {
      ...files.user,
      cwd: '/',
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(partial, files.data);
};

const writeSettings = async (files: PostgresFiles): Promise<void> => {
  const target = join(files.data, 'midas.conf');
  await copyFile(SETTINGS, target);
  await chmod(target, 0o644);
  const main = join(files.data, 'postgresql.conf');
  const text = await readFile(main, 'utf8');
  const line = "include = 'midas.conf'";
  if (!text.includes(line)) await writeFile(main, `${text}\n${line}\n`);
};

/**
 * PostgreSQL refuses to start over a postmaster.pid whose number belongs to any live process. A number that was given
 * to another program since is no reason; a server that still runs on this folder without a pid file of ours is ended.
 */
const clearStalePostmaster = async (files: PostgresFiles): Promise<void> => {
  const file = join(files.data, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const pid = Number(text.split('\n')[0]);
  const started = Number.isInteger(pid) && pid > 0 ? await startOf(pid) : undefined;
  const command = started ? ((await tryRun('ps', ['-o', 'args=', '-p', String(pid)])) ?? '') : '';
  if (started && command.includes(files.data))
    await endProcess({ pid, started }, { signal: 'SIGINT', timeoutMs: 20_000 });
  await rm(file, { force: true });
};

/** Starts PostgreSQL on this port unless it runs already; answers once it takes connections. */
export const startPostgres = async (
  home: string,
  port: number,
  password: string,
): Promise<{ record: ProcessRecord; url: string; version: string }> => {
  const url = postgresUrl(port, password);
  const fingerprint = fingerprintOf(port, await readFile(SETTINGS, 'utf8'));
  const { record, ready } = await ensureRunning({
    home,
    name: NAME,
    fingerprint,
    stopSignal: 'SIGINT',
    readyWithinMs: 60_000,
    ready: () => postgresVersion(url),
    prepare: async () => {
      const files = await findPostgres(home);
      await initialise(files, password);
      await writeSettings(files);
      await clearStalePostmaster(files);
      return {
        home,
        name: NAME,
        command: files.postgres,
        args: ['-D', files.data, '-p', String(port)],
        env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
        cwd: '/',
        ports: { postgres: port },
        fingerprint,
        ...(files.user ? { user: files.user } : {}),
      };
    },
  });
  return { record, url, version: ready };
};

/** Stops it the fast way: connections are cut, what was committed is on disk. */
export const stopPostgres = (home: string): Promise<unknown> =>
  stopDetached(home, NAME, { signal: 'SIGINT', timeoutMs: 30_000 });

/** Removes the data folder of a stopped server, wherever it had to be put. */
export const removePostgresData = async (home: string): Promise<void> => {
  const { data } = await findPostgres(home);
  await rm(data.startsWith(home) ? data : dirname(data), { recursive: true, force: true });
};
