import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Digest of what a generator reads: file contents by path, and any other `parts` such as tool versions. */
export async function digestOf(files: readonly string[], parts: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part}\0`);
  for (const file of files.toSorted()) {
    hash.update(`${file}\0`);
    hash.update(await readFile(file));
  }
  return hash.digest('hex');
}

/** Files below a folder whose name ends with `ending`. */
export async function filesBelow(folder: string, ending: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** Runs `make` unless the stamp in `folder` says that it ran for the same inputs. True when it ran. */
export async function unlessStamped(
  folder: string,
  digest: string,
  make: () => Promise<void>,
): Promise<boolean> {
  const stamp = join(folder, '.stamp');
  const before = await readFile(stamp, 'utf8').catch(() => '');
  if (before === digest) return false;
  await make();
  await writeFile(stamp, digest);
  return true;
}
