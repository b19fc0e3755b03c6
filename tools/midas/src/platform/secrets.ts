import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../backing/install.ts';
import { rememberSecrets } from '../backing/state.ts';
import { firstRing, ringFile, writeRing } from '../keys/index.ts';
import type { RolePasswords } from '../migrate/index.ts';
import { applicationRole, migratorRole } from '../services.ts';

const keysFolder = async (home: string): Promise<string> => {
  const folder = join(home, 'keys');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
};

/** The file with a service's encryption keys, made at the first start; losing it loses the encrypted columns. */
export const ensureKeyRing = async (home: string, service: string): Promise<string> => {
  await keysFolder(home);
  const file = ringFile(home, service);
  if (!(await exists(file))) await writeRing(file, firstRing());
  return file;
};

/** A file that holds the secret of a process's Keycloak client; a file, for an environment can be read by others. */
export const writeClientSecret = async (home: string, service: string, secret: string): Promise<string> => {
  const file = join(await keysFolder(home), `${service}.client-secret`);
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return file;
};

/** Passwords of the services' database roles, made at the first start and kept. */
export const rolePasswords = (home: string, services: readonly string[]): Promise<RolePasswords> =>
  rememberSecrets(
    home,
    services.flatMap((service) => [migratorRole(service), applicationRole(service)]),
  );
