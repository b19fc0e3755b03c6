import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { exists } from '../backing/install.ts';

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.union([z.string(), z.object({ type: z.string() })]).optional(),
  scripts: z.record(z.string(), z.string()).default({}),
});

/** A package as it lies on this machine. */
export type InstalledPackage = {
  readonly name: string;
  readonly version: string;
  /** SPDX expression; undefined when the package names none. */
  readonly licence: string | undefined;
  /** Whether installing it would run a program of its own. */
  readonly runsOnInstall: boolean;
};

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

const readPackage = async (folder: string): Promise<InstalledPackage | undefined> => {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
  const parsed = manifest.safeParse(text === undefined ? undefined : JSON.parse(text));
  if (!parsed.success) return undefined;
  const { name, version, license, scripts } = parsed.data;
  return {
    name,
    version,
    licence: typeof license === 'string' ? license : license?.type,
    runsOnInstall:
      INSTALL_SCRIPTS.some((script) => scripts[script] !== undefined) ||
      (await exists(join(folder, 'binding.gyp'))),
  };
};

const packagesIn = async (modules: string): Promise<readonly string[]> => {
  const entries = await readdir(modules).catch(() => []);
  const nested = entries.map(async (entry) =>
    entry.startsWith('@')
      ? (await readdir(join(modules, entry))).map((name) => join(modules, entry, name))
      : [join(modules, entry)],
  );
  return (await Promise.all(nested)).flat();
};

/** Every package in the store of pnpm below `root`, each once; those for other systems are not there. */
export const installedPackages = async (root: string): Promise<readonly InstalledPackage[]> => {
  const store = join(root, 'node_modules/.pnpm');
  const folders = await Promise.all(
    (await readdir(store)).map((entry) => packagesIn(join(store, entry, 'node_modules'))),
  );
  const found = await Promise.all(folders.flat().map(readPackage));
  const once = new Map(found.flatMap((each) => (each ? [[`${each.name}@${each.version}`, each]] : [])));
  return [...once.values()];
};
