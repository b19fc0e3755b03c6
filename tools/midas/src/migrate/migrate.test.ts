import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseName } from '../services.ts';
import { applyMigrations } from './apply.ts';
import { checkDrift } from './check.ts';
import { urlFor, withClient } from './databases.ts';
import { writeMigration } from './new.ts';
import { migrationName, migrationsFolder } from './schema.ts';

const service = `scratch-${randomBytes(4).toString('hex')}`;
const server = process.env.MIDAS_TEST_DATABASE_URL ?? '';
const url = urlFor(server, databaseName(service));
let root = '';

const table = (columns: string): string =>
  `model Thing {\n  id String @id\n${columns}\n  @@map("thing")\n}\n`;

const writeSchema = async (columns: string): Promise<void> => {
  await writeFile(
    join(root, 'services', service, 'prisma/schema.prisma'),
    `datasource db {\n  provider = "postgresql"\n}\n${table(columns)}`,
  );
};

/** A migration written by hand. */
const addMigration = async (name: string, sql: string): Promise<void> => {
  const folder = join(migrationsFolder(service, root), name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'migration.sql'), sql);
};

const findings = async (): Promise<readonly string[]> =>
  (await checkDrift(server, root)).find((each) => each.service === service)?.findings ?? ['not looked at'];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'midas-migrate-'));
  await mkdir(join(root, 'services', service, 'prisma'), { recursive: true });
  await mkdir(join(root, 'services/kit/prisma'), { recursive: true });
  const kit = 'model Shared {\n  id String @id\n  note String?\n  @@map("shared")\n}\n';
  await writeFile(join(root, 'services/kit/prisma/kit.prisma'), kit);
  await withClient(server, (client) => client.query(`CREATE DATABASE ${databaseName(service)}`));
});
afterAll(async () => {
  await withClient(server, (client) => client.query(`DROP DATABASE ${databaseName(service)} WITH (FORCE)`));
  await rm(root, { recursive: true, force: true });
});

describe('migrations', () => {
  it('are named by time and words', () => {
    expect(migrationName(' Add notes, quickly! ', new Date('2026-03-02T10:15:00Z'))).toBe(
      '20260302101500_add_notes_quickly',
    );
  });

  it('are written from the schema with the tables of the library, once', async () => {
    await writeSchema('  size Int');
    const now = new Date('2026-03-01T09:00:00Z');
    const file = await writeMigration({ service, name: 'Start', databaseUrl: server, now, root });
    expect(file).toBe(join(migrationsFolder(service, root), '20260301090000_start/migration.sql'));
    const sql = await readFile(file ?? '', 'utf8');
    expect(sql).toContain('CREATE TABLE "thing"');
    expect(sql).toContain('CREATE TABLE "shared"');
    expect(await writeMigration({ service, name: 'Again', databaseUrl: server, now, root })).toBeUndefined();
  });

  it('wait until they are applied, and are applied once', async () => {
    expect(await findings()).toEqual([expect.stringContaining('Not applied yet: 20260301090000_start')]);
    expect(await applyMigrations(service, url, root)).toEqual(['20260301090000_start']);
    expect(await applyMigrations(service, url, root)).toEqual([]);
    expect(await findings()).toEqual([]);
  });

  it('may hold functions and texts with semicolons', async () => {
    const name = '20260302000000_function';
    await addMigration(
      name,
      `CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN n * 2; END; $$;
       INSERT INTO shared VALUES ('a', 'one; two');`,
    );
    expect(await applyMigrations(service, url, root)).toEqual([name]);
    const answer = await withClient(url, (client) => client.query('SELECT twice(4) AS n, note FROM shared'));
    expect(answer.rows).toEqual([{ n: 8, note: 'one; two' }]);
  });

  it('leave nothing behind when they fail, say why, and can be corrected', async () => {
    const name = '20260303000000_broken';
    await addMigration(name, `INSERT INTO shared VALUES ('b', ''); INSERT INTO nowhere VALUES (1);`);
    const advice = expect.stringMatching(/No such table: nowhere$/);
    await expect(applyMigrations(service, url, root)).rejects.toMatchObject({ name: 'UserError', advice });
    const answer = await withClient(url, (client) => client.query(`SELECT 1 FROM shared WHERE id = 'b'`));
    expect(answer.rowCount).toBe(0);
    await addMigration(name, `INSERT INTO shared VALUES ('b', '');`);
    expect(await applyMigrations(service, url, root)).toEqual([name]);
  });
});

describe('drift', () => {
  it('is found between the schema and the migrations', async () => {
    await writeSchema('  size Int\n  colour String?');
    expect(await findings()).toEqual([
      expect.stringMatching(/schema asks for more[\s\S]*midas migrate new[\s\S]*ADD COLUMN {5}"colour" TEXT/),
      expect.stringContaining('The database is not what its migrations made'),
    ]);
    await writeSchema('  size Int');
    expect(await findings()).toEqual([]);
  });

  it('is found between the migrations and a database that was changed by hand', async () => {
    await withClient(url, (client) => client.query('ALTER TABLE thing ADD COLUMN secretly text'));
    expect(await findings()).toEqual([expect.stringMatching(/not what its migrations made[\s\S]*secretly/)]);
    await withClient(url, (client) => client.query('ALTER TABLE thing DROP COLUMN secretly'));
  });

  it('is found in a migration that was changed after it was applied', async () => {
    const name = '20260302000000_function';
    const sql = await readFile(join(migrationsFolder(service, root), name, 'migration.sql'), 'utf8');
    await addMigration(name, `${sql}\n-- changed`);
    expect(await findings()).toEqual([`Changed after it was applied: ${name}.`]);
    await addMigration(name, sql);
  });
});
