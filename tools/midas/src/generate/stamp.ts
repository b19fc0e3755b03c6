import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** All files below a folder whose name ends so, sorted; a folder that is absent has none. */
export const filesBelow = async (folder: string, ending: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
};

/** A digest over names and contents of files, and over further texts such as versions. */
export const digestOf = async (
  root: string,
  files: readonly string[],
  ...texts: readonly string[]
): Promise<string> => {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text}\0`);
  for (const file of files) {
    hash.update(`${relative(root, file)}\0`);
    hash.update(await readFile(file));
  }
  return hash.digest('hex');
};

/**
 * Runs `make` unless the stamp says that it was run with the same input; the stamp is written last, so that work which
 * was cut off is done again. Answers whether anything was made.
 */
export const unlessStamped = async (
  stamp: string,
  digest: string,
  make: () => Promise<void>,
): Promise<'made' | 'unchanged'> => {
  const before = await readFile(stamp, 'utf8').catch(() => '');
  if (before === digest) return 'unchanged';
  await make();
  await writeFile(stamp, digest);
  return 'made';
};
