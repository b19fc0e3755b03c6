import { ROOT } from '../paths.ts';
import { databaseName, listSchemas } from '../services.ts';
import { databaseExists, urlFor, withClient } from './databases.ts';
import { NO_FILTER, withEngine } from './engine.ts';
import { missingSql } from './new.ts';
import { composedSchema, readMigrations } from './schema.ts';

/** What is not as it should be with one service's database, in words; empty when all is well. */
export type Drift = { readonly service: string; readonly findings: readonly string[] };

const indent = (sql: string): string => sql.replaceAll(/^/gm, '    ');

const schemaDrift = async (
  service: string,
  databaseUrl: string,
  root: string,
): Promise<readonly string[]> => {
  const sql = await missingSql(service, databaseUrl, root);
  if (sql === '') return [];
  return [
    `The schema asks for more than the migrations make. Run: midas migrate new ${service} <name>\n${indent(sql)}`,
  ];
};

const historyDrift = async (service: string, url: string, root: string): Promise<readonly string[]> => {
  const [files, migrationsList] = await Promise.all([
    composedSchema(service, root),
    readMigrations(service, root),
  ]);
  return withEngine(url, files, `Looking at ${databaseName(service)}`, async (engine) => {
    const history = await engine.diagnoseMigrationHistory({
      migrationsList,
      optInToShadowDatabase: false,
      filters: NO_FILTER,
    });
    const behind =
      history.history?.diagnostic === 'databaseIsBehind' ? history.history.unappliedMigrationNames : [];
    const unknown =
      history.history && history.history.diagnostic !== 'databaseIsBehind'
        ? history.history.unpersistedMigrationNames
        : [];
    const pending = behind.length > 0;
    // A database that lacks migrations differs from the schema as a matter of course.
    const difference = pending
      ? ''
      : (
          await engine.diff({
            from: { tag: 'schemaDatasource', files, configDir: '' },
            to: { tag: 'schemaDatamodel', files },
            script: true,
            exitCode: null,
            filters: NO_FILTER,
          })
        ).stdout?.trim();
    const drifted = difference && difference !== '-- This is an empty migration.' ? difference : '';
    return [
      ...(pending ? [`Not applied yet: ${behind.join(', ')}. Run: midas migrate apply ${service}`] : []),
      ...(unknown.length > 0 ? [`Applied, but not in the folder: ${unknown.join(', ')}.`] : []),
      ...history.editedMigrationNames.map((name) => `Changed after it was applied: ${name}.`),
      ...history.failedMigrationNames.map((name) => `Failed half-way: ${name}.`),
      ...(drifted
        ? [`The database is not what its migrations made. To bring it to the schema:\n${indent(drifted)}`]
        : []),
    ];
  });
};

/**
 * Compares, for each service, its migrations with its schema, and its database, where there is one, with both.
 * `databaseUrl` may create databases: the migrations are tried on a scratch one.
 */
export const checkDrift = async (databaseUrl: string, root = ROOT): Promise<readonly Drift[]> => {
  const drifts: Drift[] = [];
  for (const service of await listSchemas(root)) {
    const name = databaseName(service);
    const there = await withClient(databaseUrl, (client) => databaseExists(client, name));
    const findings = [
      ...(await schemaDrift(service, databaseUrl, root)),
      ...(there ? await historyDrift(service, urlFor(databaseUrl, name), root) : []),
    ];
    drifts.push({ service, findings });
  }
  return drifts;
};
