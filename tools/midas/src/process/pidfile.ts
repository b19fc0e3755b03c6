import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { isAlive, type ProcessIdentity } from './identity.ts';

const record = z.object({
  name: z.string(),
  pid: z.int().positive(),
  started: z.string().min(1),
  ports: z.record(z.string(), z.int()),
  log: z.string(),
  /** Changes when the process would be started otherwise than it was: then it is restarted. */
  fingerprint: z.string(),
});

/** What a pid file tells of a detached process. */
export type ProcessRecord = Readonly<z.infer<typeof record>>;

const pidFolder = (home: string): string => join(home, 'run');
export const pidFileOf = (home: string, name: string): string => join(pidFolder(home), `${name}.json`);

export const writePidFile = async (home: string, entry: ProcessRecord): Promise<void> => {
  const file = pidFileOf(home, entry.name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(entry, null, 2)}\n`);
  await rename(`${file}.new`, file);
};

/** The record of a pid file, whether or not its process still runs; undefined if absent or unreadable. */
const readPidFile = async (home: string, name: string): Promise<ProcessRecord | undefined> => {
  const text = await readFile(pidFileOf(home, name), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return record.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** The record of a process that runs now; a file left by a dead one counts as none and is removed. */
export const readLive = async (home: string, name: string): Promise<ProcessRecord | undefined> => {
  const entry = await readPidFile(home, name);
  if (entry && (await isAlive(entry))) return entry;
  await removePidFile(home, name);
  return undefined;
};

export const removePidFile = (home: string, name: string): Promise<void> =>
  rm(pidFileOf(home, name), { force: true });

/** The names of all processes that have a pid file in this home. */
export const namesWithPidFile = async (home: string): Promise<readonly string[]> => {
  const files = await readdir(pidFolder(home)).catch(() => []);
  return files.filter((file) => file.endsWith('.json')).map((file) => basename(file, '.json'));
};

export type { ProcessIdentity };
