import { readFile } from 'node:fs/promises';
import { userError } from '../errors.ts';
import { type DetachedSpec, startDetached, stopDetached } from './detached.ts';
import { isAlive } from './identity.ts';
import { type ProcessRecord, readLive } from './pidfile.ts';
import { waitFor } from './wait.ts';

export type EnsureOptions<T> = {
  readonly home: string;
  readonly name: string;
  /** A running process with another fingerprint is stopped and started anew. */
  readonly fingerprint: string;
  /** Says what to start; asked only when nothing suitable runs. */
  readonly prepare: () => Promise<DetachedSpec>;
  /** Something once the process is ready, undefined until then. */
  readonly ready: (record: ProcessRecord) => Promise<T | undefined>;
  readonly readyWithinMs: number;
  readonly stopSignal?: NodeJS.Signals;
};

export type Ensured<T> = { readonly record: ProcessRecord; readonly ready: T; readonly startedNow: boolean };

const tailOf = async (file: string): Promise<string> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-8).join('\n');
};

const ENDED = Symbol('ended');

/** Waits until it is ready; ENDED when the process is gone before that. */
const readiness = async <T>(options: EnsureOptions<T>, record: ProcessRecord): Promise<T | typeof ENDED> =>
  waitFor<T | typeof ENDED>(
    async () => (await options.ready(record)) ?? ((await isAlive(record)) ? undefined : ENDED),
    {
      timeoutMs: options.readyWithinMs,
      onTimeout: async () =>
        userError(
          `${options.name} runs but is not ready after ${options.readyWithinMs / 1000} s.`,
          `Its log, ${record.log}, ends:\n${await tailOf(record.log)}`,
        ),
    },
  );

/** Leaves a process that runs as wanted alone, else starts it; answers once it is ready. */
export const ensureRunning = async <T>(options: EnsureOptions<T>): Promise<Ensured<T>> => {
  const live = await readLive(options.home, options.name);
  if (live?.fingerprint === options.fingerprint) {
    const ready = await readiness(options, live);
    // Gone while we asked: it was killed a moment ago, and is started like any other dead one.
    if (ready !== ENDED) return { record: live, ready, startedNow: false };
  } else if (live) {
    const stop = { timeoutMs: 30_000, ...(options.stopSignal ? { signal: options.stopSignal } : {}) };
    await stopDetached(options.home, options.name, stop);
  }
  const record = await startDetached(await options.prepare());
  const ready = await readiness(options, record);
  if (ready !== ENDED) return { record, ready, startedNow: true };
  throw userError(
    `${options.name} ended while it was starting.`,
    `Its log, ${record.log}, ends:\n${await tailOf(record.log)}`,
  );
};
