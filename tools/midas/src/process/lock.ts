import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { userError } from '../errors.ts';
import { isAlive, startOf } from './identity.ts';
import { waitFor } from './wait.ts';

const holder = z.object({ pid: z.int(), started: z.string() });

const take = async (file: string, identity: string): Promise<true | undefined> => {
  try {
    await writeFile(file, identity, { flag: 'wx' });
    return true;
  } catch {
    const text = await readFile(file, 'utf8').catch(() => '');
    const parsed = holder.safeParse(text ? JSON.parse(text) : undefined);
    if (parsed.success && !(await isAlive(parsed.data))) await rm(file, { force: true });
    return undefined;
  }
};

/** Runs `work` while no other midas command changes the same home; waits up to `timeoutMs` for its turn. */
export const withLock = async <T>(home: string, work: () => Promise<T>, timeoutMs = 300_000): Promise<T> => {
  await mkdir(home, { recursive: true });
  const file = join(home, 'lock');
  const identity = JSON.stringify({ pid: process.pid, started: await startOf(process.pid) });
  await waitFor(() => take(file, identity), {
    timeoutMs,
    everyMs: 200,
    onTimeout: () =>
      userError(
        'Another midas command is still starting or stopping this platform.',
        `Its process is named in ${file}.`,
      ),
  });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
};
