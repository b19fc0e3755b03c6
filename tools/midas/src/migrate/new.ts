import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../paths.ts';
import { NO_FILTER, withEngine } from './engine.ts';
import { composedSchema, migrationName, migrationsFolder, readMigrations } from './schema.ts';

/** The SQL that leads from a service's migrations to its schema; empty when they agree. Uses a scratch database. */
export const missingSql = async (service: string, databaseUrl: string, root = ROOT): Promise<string> => {
  const [files, migrations] = await Promise.all([
    composedSchema(service, root),
    readMigrations(service, root),
  ]);
  const what = `Comparing the migrations of ${service} with its schema`;
  const sql = await withEngine(databaseUrl, files, what, async (engine) => {
    const answer = await engine.diff({
      from: { tag: 'migrations', ...migrations },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: NO_FILTER,
    });
    return answer.stdout ?? '';
  });
  return sql.trim() === '-- This is an empty migration.' ? '' : sql.trim();
};

/** Writes the migration that brings a service's database to its schema; answers its file, undefined if none is needed. */
export const writeMigration = async (options: {
  readonly service: string;
  readonly name: string;
  readonly databaseUrl: string;
  readonly now: Date;
  readonly root?: string;
}): Promise<string | undefined> => {
  const sql = await missingSql(options.service, options.databaseUrl, options.root);
  if (sql === '') return undefined;
  const folder = join(
    migrationsFolder(options.service, options.root),
    migrationName(options.name, options.now),
  );
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'migration.sql');
  await writeFile(file, `${sql}\n`);
  return file;
};
