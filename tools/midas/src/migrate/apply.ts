import { databaseName, listDatabases, listSchemas, migratorRole, pickServices } from '../services.ts';
import { ensureDatabase, grantApplication, type RolePasswords, urlFor, withClient } from './databases.ts';
import { NO_FILTER, withEngine } from './engine.ts';
import { composedSchema, readMigrations } from './schema.ts';

export type Applied = {
  readonly service: string;
  readonly database: string;
  readonly applied: readonly string[];
};

export type ApplyOptions = {
  /** A role that may create databases and roles. */
  readonly databaseUrl: string;
  readonly passwords: RolePasswords;
  /** All services that keep a database, when left out. */
  readonly services?: readonly string[];
};

/** Applies the pending migrations of one database as `migratorUrl`; answers their names. */
export const applyMigrations = async (service: string, migratorUrl: string): Promise<readonly string[]> => {
  const [schema, migrationsList] = await Promise.all([composedSchema(service), readMigrations(service)]);
  return withEngine(migratorUrl, schema, `Migrating ${databaseName(service)}`, async (engine) => {
    const answer = await engine.applyMigrations({ migrationsList, filters: NO_FILTER });
    return answer.appliedMigrationNames;
  });
};

const applyOne = async (service: string, options: ApplyOptions): Promise<Applied> => {
  const database = databaseName(service);
  const migrator = migratorRole(service);
  const role = { name: migrator, password: options.passwords[migrator] ?? '' };
  const url = urlFor(options.databaseUrl, database, role);
  const applied = await applyMigrations(service, url);
  await withClient(url, (client) => grantApplication(client, service));
  return { service, database, applied };
};

/**
 * Makes the databases and roles that are missing, applies pending migrations and renews the application roles' rights.
 * Safe to run again. Throws a `UserError` with the engine's words when a migration fails.
 */
export const applyAll = async (options: ApplyOptions): Promise<readonly Applied[]> => {
  const services = pickServices(options.services ?? (await listDatabases()), await listSchemas());
  await withClient(options.databaseUrl, async (client) => {
    for (const service of services) await ensureDatabase(client, service, options.passwords);
  });
  return Promise.all(services.map((service) => applyOne(service, options)));
};
