import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process that cannot be mistaken for a later one with the same number. */
export type ProcessIdentity = { readonly pid: number; readonly started: string };

/** Reads state and start time (ticks since boot) from the text of /proc/PID/stat; the name in it may hold spaces. */
export const parseProcStat = (text: string): { state: string; startTicks: string } | undefined => {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTicks = fields[19];
  return state && startTicks ? { state, startTicks } : undefined;
};

const bootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown-boot';
  }
};

const startedOnLinux = async (pid: number): Promise<string | undefined> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const stat = text === undefined ? undefined : parseProcStat(text);
  // A zombie has ended; only its parent has not asked yet.
  if (!stat || stat.state === 'Z' || stat.state === 'X') return undefined;
  return `${bootId()}:${stat.startTicks}`;
};

const startedElsewhere = async (pid: number): Promise<string | undefined> => {
  const answer = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => undefined);
  return answer?.stdout.trim() || undefined;
};

/** When the process with this number started, as a text that no later process shares; undefined if none runs. */
export const startOf = (pid: number): Promise<string | undefined> =>
  process.platform === 'linux' ? startedOnLinux(pid) : startedElsewhere(pid);

/** Whether exactly this process, not another with its number, still runs. */
export const isAlive = async (identity: ProcessIdentity): Promise<boolean> =>
  (await startOf(identity.pid)) === identity.started;
