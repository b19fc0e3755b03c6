import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, userError } from '../errors.ts';
import { isAlive, type ProcessIdentity, startOf } from './identity.ts';
import { type ProcessRecord, readLive, removePidFile, writePidFile } from './pidfile.ts';
import { waitFor } from './wait.ts';

export type OsUser = { readonly uid: number; readonly gid: number };

export type DetachedSpec = {
  readonly home: string;
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly fingerprint: string;
  /** Another operating system user to run as (a root start of PostgreSQL). */
  readonly user?: OsUser;
};

export const logFileOf = (home: string, name: string): string => join(home, 'logs', `${name}.log`);

/** Starts a process that outlives this one, appends what it prints to its log and writes its pid file. */
export const startDetached = async (spec: DetachedSpec): Promise<ProcessRecord> => {
  const log = logFileOf(spec.home, spec.name);
  await mkdir(join(spec.home, 'logs'), { recursive: true });
  const output = await open(log, 'a', 0o600);
  try {
    if (spec.user) await chown(log, spec.user.uid, spec.user.gid);
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      detached: true,
      env: spec.env,
      stdio: ['ignore', output.fd, output.fd],
      ...spec.user,
    });
    await Promise.race([
      once(child, 'spawn'),
      once(child, 'error').then(([cause]) => {
        throw userError(`${spec.name} could not be started: ${messageOf(cause)}.`, `See ${log}.`);
      }),
    ]);
    const pid = child.pid ?? 0;
    const started = await startOf(pid);
    child.unref();
    if (!started) throw userError(`${spec.name} ended as soon as it was started.`, `See ${log}.`);
    const entry: ProcessRecord = {
      name: spec.name,
      pid,
      started,
      ports: { ...spec.ports },
      log,
      fingerprint: spec.fingerprint,
    };
    await writePidFile(spec.home, entry);
    return entry;
  } finally {
    await output.close();
  }
};

/** Sends a signal only if exactly this process still runs. */
const signal = async (identity: ProcessIdentity, name: NodeJS.Signals): Promise<void> => {
  if (!(await isAlive(identity))) return;
  try {
    process.kill(identity.pid, name);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')) throw cause;
  }
};

const ended = async (identity: ProcessIdentity): Promise<true | undefined> =>
  (await isAlive(identity)) ? undefined : true;

/** Asks a process to end, and ends it by force when it has not after `timeoutMs`. */
export const endProcess = async (
  identity: ProcessIdentity,
  options: { readonly signal?: NodeJS.Signals; readonly timeoutMs: number },
): Promise<'stopped' | 'killed'> => {
  await signal(identity, options.signal ?? 'SIGTERM');
  const late = new Error('still running');
  try {
    await waitFor(() => ended(identity), { timeoutMs: options.timeoutMs, onTimeout: () => late });
    return 'stopped';
  } catch (cause) {
    if (cause !== late) throw cause;
  }
  await signal(identity, 'SIGKILL');
  await waitFor(() => ended(identity), {
    timeoutMs: 10_000,
    onTimeout: () => userError(`Process ${identity.pid} does not end.`, 'Look at it with `ps`.'),
  });
  return 'killed';
};

/** Stops the process of a pid file, if it runs, and removes the file. */
export const stopDetached = async (
  home: string,
  name: string,
  options: { readonly signal?: NodeJS.Signals; readonly timeoutMs: number },
): Promise<'not running' | 'stopped' | 'killed'> => {
  const entry = await readLive(home, name);
  if (!entry) return 'not running';
  const how = await endProcess(entry, options);
  await removePidFile(home, name);
  return how;
};
