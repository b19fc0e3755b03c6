import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from './backing/install.ts';
import { userError } from './errors.ts';
import { ROOT } from './paths.ts';

const LIBRARY = 'kit';
/** The only service that is reached over HTTP. */
export const GATEWAY = 'gateway';

const foldersIn = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
};

/** The services of the platform: the folders of `services/`, but for the library that they share. */
export const listServices = async (root = ROOT): Promise<readonly string[]> =>
  (await foldersIn(join(root, 'services'))).filter((name) => name !== LIBRARY);

export const serviceFolder = (service: string, root = ROOT): string => join(root, 'services', service);

/** Whether a service can be started yet. */
export const hasEntry = (service: string): Promise<boolean> =>
  exists(join(serviceFolder(service), 'src/main.ts'));

const having = async (names: readonly string[], root: string): Promise<readonly string[]> => {
  const there = await Promise.all(
    names.map((name) => exists(join(serviceFolder(name, root), 'prisma/schema.prisma'))),
  );
  return names.filter((_, index) => there[index]);
};

/** The services that keep a database. */
export const listDatabases = async (root = ROOT): Promise<readonly string[]> =>
  having(await listServices(root), root);

/** The folders with a Prisma schema: the services' and the one that the library's own tests use. */
export const listSchemas = async (root = ROOT): Promise<readonly string[]> =>
  having(await foldersIn(join(root, 'services')), root);

/** The names that were asked for, or all of them when none was; throws for one that does not exist. */
export const pickServices = (asked: readonly string[], known: readonly string[]): readonly string[] => {
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length === 0) return asked.length > 0 ? asked : known;
  throw userError(`There is no service ${unknown.join(', ')} here.`, `Known: ${known.join(', ')}.`);
};

/** `health-access` → `midas_health_access` */
export const databaseName = (service: string): string => `midas_${service.replaceAll('-', '_')}`;
export const applicationRole = (service: string): string => `${databaseName(service)}_app`;
export const migratorRole = (service: string): string => `${databaseName(service)}_migrator`;
