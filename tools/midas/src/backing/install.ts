import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/**
 * Makes `folder` once by building it beside its place and renaming it, so that it is whole or absent; two that build
 * at the same time cost time, and nothing else. `build` is handed the folder to fill.
 */
export const installOnce = async (
  folder: string,
  build: (partial: string) => Promise<void>,
): Promise<void> => {
  if (await exists(folder)) return;
  await mkdir(dirname(folder), { recursive: true });
  const partial = await mkdtemp(`${folder}.partial-`);
  try {
    await build(partial);
    await rename(partial, folder).catch(async (cause: unknown) => {
      if (!(await exists(folder))) throw cause;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
};

/** A version of something in the shared cache. */
export const cacheFolder = (cache: string, name: string, version: string): string =>
  join(cache, `${name}-${version}`);
