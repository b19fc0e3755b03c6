import { z } from 'zod';

const specifiers = z.record(z.string(), z.object({ specifier: z.string(), version: z.string() }));
const importer = z.object({
  dependencies: specifiers.default({}),
  devDependencies: specifiers.default({}),
  optionalDependencies: specifiers.default({}),
});

/** What is read of a lock file of pnpm. */
export const lockfileSchema = z.object({
  lockfileVersion: z.string().startsWith('9.'),
  importers: z.record(z.string(), importer),
  packages: z.record(
    z.string(),
    z.object({ resolution: z.record(z.string(), z.unknown()), deprecated: z.string().optional() }),
  ),
});

export type Lockfile = z.infer<typeof lockfileSchema>;

const fromRegistry = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*@\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?$/i;
const digest = /^sha512-[A-Za-z0-9+/]{86}==$/;
const exact = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/;

/**
 * What is wrong with a lock file, one sentence each: a package that does not come from a registry, or whose content is
 * not pinned by a digest, and a dependency of ours that names a range instead of a version.
 */
export const lockfileFaults = (lock: Lockfile): readonly string[] => [
  ...Object.entries(lock.packages).flatMap(([name, { resolution }]) => packageFaults(name, resolution)),
  ...Object.entries(lock.importers).flatMap(([folder, groups]) =>
    Object.values(groups)
      .flatMap((group) => Object.entries(group))
      .flatMap(([name, { specifier, version }]) => specifierFaults(`${folder}: ${name}`, specifier, version)),
  ),
];

const packageFaults = (name: string, resolution: Readonly<Record<string, unknown>>): readonly string[] => {
  const others = Object.keys(resolution).filter((key) => key !== 'integrity');
  if (!fromRegistry.test(name) || others.length > 0) return [`${name} does not come from a registry.`];
  if (digest.test(String(resolution.integrity))) return [];
  return [`${name} is not pinned by a SHA-512 digest.`];
};

const specifierFaults = (where: string, specifier: string, version: string): readonly string[] => {
  if (specifier.startsWith('workspace:'))
    return version.startsWith('link:') ? [] : [`${where} is not the one of this workspace.`];
  return specifier === 'catalog:' || exact.test(specifier)
    ? []
    : [`${where} names "${specifier}": name one version.`];
};

/** Packages, as `name@version`, that their makers have given up. */
export const deprecatedPackages = (lock: Lockfile): readonly string[] =>
  Object.entries(lock.packages).flatMap(([name, { deprecated }]) => (deprecated === undefined ? [] : [name]));
