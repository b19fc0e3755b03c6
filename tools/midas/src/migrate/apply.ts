import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { ROOT } from '../paths.ts';
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

/** A migration is one transaction: one that failed left nothing, and may be tried again once it is corrected. */
const forgetFailed = async (engine: SchemaEngine, migrationsList: MigrationList): Promise<void> => {
  const question = { migrationsList, optInToShadowDatabase: false, filters: NO_FILTER };
  const { failedMigrationNames } = await engine.diagnoseMigrationHistory(question);
  for (const migrationName of failedMigrationNames) await engine.markMigrationRolledBack({ migrationName });
};

/** Applies the pending migrations of one database as `migratorUrl`; answers their names. */
export const applyMigrations = async (
  service: string,
  migratorUrl: string,
  root = ROOT,
): Promise<readonly string[]> => {
  const [schema, migrationsList] = await Promise.all([
    composedSchema(service, root),
    readMigrations(service, root),
  ]);
  return withEngine(migratorUrl, schema, `Migrating ${databaseName(service)}`, async (engine) => {
    try {
      const answer = await engine.applyMigrations({ migrationsList, filters: NO_FILTER });
      return answer.appliedMigrationNames;
    } catch (cause) {
      await forgetFailed(engine, migrationsList);
      throw cause;
    }
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
  const asked = options.services ?? [];
  const services = pickServices(asked.length > 0 ? asked : await listDatabases(), await listSchemas());
  await withClient(options.databaseUrl, async (client) => {
    for (const service of services) await ensureDatabase(client, service, options.passwords);
  });
  return Promise.all(services.map((service) => applyOne(service, options)));
};
