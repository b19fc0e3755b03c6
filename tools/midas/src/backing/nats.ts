import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../paths.ts';
import { stopDetached } from '../process/detached.ts';
import { ensureRunning } from '../process/ensure.ts';
import { fingerprintOf } from '../process/fingerprint.ts';
import type { ProcessRecord } from '../process/pidfile.ts';
import { run, tryRun } from '../process/run.ts';
import { asTask, type Progress } from '../progress/index.ts';
import { cacheFolder, exists, installOnce } from './install.ts';
import { accountsText, natsKeys } from './nats-users.ts';
import { compareVersions, NATS_OLDEST, NATS_VERSION } from './versions.ts';

const NAME = 'nats';
const SETTINGS = join(ROOT, 'infra/nats/nats-server.conf');
const MODULE = 'github.com/nats-io/nats-server/v2';

const installed = (cache: string): string =>
  join(
    cacheFolder(cache, 'nats-server', NATS_VERSION),
    process.platform === 'win32' ? 'nats-server.exe' : 'nats-server',
  );

/** A `nats-server` that is there already: on PATH and new enough, or in the shared cache. */
export const findNats = async (cache: string): Promise<string | undefined> => {
  const onPath = await tryRun('nats-server', ['--version']);
  if (onPath && compareVersions(onPath, NATS_OLDEST) >= 0) return 'nats-server';
  return (await exists(installed(cache))) ? installed(cache) : undefined;
};

/** Builds the pinned version with Go into the shared cache. */
export const installNats = async (cache: string, progress: Progress): Promise<string> => {
  const work = () =>
    installOnce(cacheFolder(cache, 'nats-server', NATS_VERSION), async (partial) => {
      await run('go', ['install', `${MODULE}@${NATS_VERSION}`], 'nats-server could not be built with Go.', {
        cwd: partial,
        env: { ...process.env, GOBIN: partial, GOFLAGS: '-trimpath' },
      });
    });
  await asTask(progress, `Building NATS ${NATS_VERSION}, this once`, work, { expectedSeconds: 60 });
  return installed(cache);
};

/** The server's version once JetStream answers at its monitor port; undefined until then. */
export const natsVersion = async (monitor: number): Promise<string | undefined> => {
  const base = `http://127.0.0.1:${monitor}`;
  const signal = AbortSignal.timeout(2000);
  try {
    const health = await fetch(`${base}/healthz`, { signal });
    if (!health.ok) return undefined;
    const about: unknown = await (await fetch(`${base}/varz`, { signal })).json();
    return typeof about === 'object' && about !== null && 'version' in about
      ? String(about.version)
      : undefined;
  } catch {
    return undefined;
  }
};

export type NatsPorts = { readonly client: number; readonly monitor: number };

/** Where the seeds of this home's NATS users are. */
const keysFolder = (home: string): string => join(home, 'keys', 'nats');

/**
 * Starts NATS with JetStream on these ports unless it runs already, with the users and permissions of the contract;
 * answers once JetStream is ready. Seeds come by user.
 */
export const startNats = async (
  home: string,
  ports: NatsPorts,
  binary: string,
): Promise<{
  record: ProcessRecord;
  url: string;
  version: string;
  seedFiles: Readonly<Record<string, string>>;
}> => {
  const keys = await natsKeys(keysFolder(home));
  const settings = `${await readFile(SETTINGS, 'utf8')}\n${await accountsText(keys)}`;
  const fingerprint = fingerprintOf(ports, binary, settings);
  const { record, ready } = await ensureRunning({
    home,
    name: NAME,
    fingerprint,
    readyWithinMs: 60_000,
    ready: () => natsVersion(ports.monitor),
    prepare: async () => {
      const data = join(home, 'nats');
      await mkdir(data, { recursive: true });
      const file = join(home, 'nats-server.conf');
      await writeFile(file, settings, { mode: 0o600 });
      const at = [
        '--addr',
        '127.0.0.1',
        '--port',
        String(ports.client),
        '--http_port',
        String(ports.monitor),
      ];
      return {
        home,
        name: NAME,
        command: binary,
        args: ['--config', file, ...at, '--jetstream', '--store_dir', data],
        env: { PATH: process.env.PATH, HOME: process.env.HOME },
        cwd: data,
        ports: { nats: ports.client, monitor: ports.monitor },
        fingerprint,
      };
    },
  });
  const seedFiles = Object.fromEntries([...keys].map(([user, { seedFile }]) => [user, seedFile]));
  return { record, url: `nats://127.0.0.1:${ports.client}`, version: ready, seedFiles };
};

export const stopNats = (home: string): Promise<unknown> => stopDetached(home, NAME, { timeoutMs: 20_000 });
