import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { findFreePort, isFree } from '../process/ports.ts';

const ports = z.record(z.string(), z.int());
const secrets = z.record(z.string(), z.string());

const readJson = async <T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : schema.parse(JSON.parse(text));
};

/** Writes a file that is whole at any moment; `mode` defaults to owner-only. */
export const writeJson = async (file: string, value: unknown, mode = 0o600): Promise<void> => {
  await writeFile(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode });
  await rename(`${file}.new`, file);
};

/**
 * The ports of this home, chosen once and remembered. `live` names the ports that our own processes hold now, which
 * are kept; another that is taken by someone else is chosen anew.
 */
export const rememberPorts = async <Name extends string>(
  home: string,
  names: readonly Name[],
  live: Readonly<Record<string, number>>,
): Promise<Readonly<Record<Name, number>>> => {
  await mkdir(home, { recursive: true });
  const file = join(home, 'ports.json');
  const known = (await readJson(file, ports)) ?? {};
  const chosen: Record<string, number> = { ...known };
  for (const name of names) {
    const held = live[name];
    const remembered = known[name];
    if (held !== undefined) chosen[name] = held;
    else if (remembered === undefined || !(await isFree(remembered)))
      chosen[name] = await findFreePort(new Set(Object.values(chosen)));
  }
  if (JSON.stringify(chosen) !== JSON.stringify(known)) await writeJson(file, chosen, 0o644);
  // Every name has a port now; the file may hold further ones.
  return chosen as Record<Name, number>;
};

/** The name under which the local PostgreSQL's own password is remembered. */
export const SUPERUSER_SECRET = 'postgres-superuser';

/** A secret that was made before; empty when there is none. */
export const rememberedSecret = async (home: string, name: string): Promise<string> =>
  (await readJson(join(home, 'secrets.json'), secrets))?.[name] ?? '';

/** Secrets of this home by name, made at the first start and kept readable by their owner only. */
export const rememberSecrets = async (
  home: string,
  names: readonly string[],
): Promise<Record<string, string>> => {
  await mkdir(home, { recursive: true });
  const file = join(home, 'secrets.json');
  const known = (await readJson(file, secrets)) ?? {};
  const missing = names.filter((name) => known[name] === undefined);
  if (missing.length === 0) return known;
  const made = Object.fromEntries(missing.map((name) => [name, randomBytes(24).toString('base64url')]));
  const all = { ...known, ...made };
  await writeJson(file, all);
  return all;
};
