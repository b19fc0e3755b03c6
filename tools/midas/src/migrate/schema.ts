import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationList, SchemaContainer } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { ROOT } from '../paths.ts';
import { serviceFolder } from '../services.ts';

/** The two files of a service's schema: its own, and the tables that the library keeps in every database. */
export const composedSchema = async (service: string, root = ROOT): Promise<SchemaContainer[]> => {
  const parts = [
    { name: 'schema.prisma', file: join(serviceFolder(service, root), 'prisma/schema.prisma') },
    { name: 'kit.prisma', file: join(root, 'services/kit/prisma/kit.prisma') },
  ];
  return Promise.all(
    parts.map(async ({ name, file }) => ({ path: name, content: await readFile(file, 'utf8') })),
  );
};

export const migrationsFolder = (service: string, root = ROOT): string =>
  join(serviceFolder(service, root), 'prisma/migrations');

/** The migrations of a service, oldest first, as the engine takes them. Folders without a script are left out. */
export const readMigrations = async (service: string, root = ROOT): Promise<MigrationList> => {
  const baseDir = migrationsFolder(service, root);
  const entries = await readdir(baseDir, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
  const read = names.map(async (name) => ({
    name,
    script: await readFile(join(baseDir, name, 'migration.sql'), 'utf8').catch(() => undefined),
  }));
  const found = await Promise.all(read);
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: found.flatMap(({ name, script }) =>
      script === undefined
        ? []
        : [
            {
              path: name,
              migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: script } },
            },
          ],
    ),
  };
};

const LONGEST_NAME = 60;

/** `Add notes` on 2 March 2026 → `20260302101500_add_notes`; UTC. */
export const migrationName = (name: string, now: Date): string => {
  const stamp = now.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  const words = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  return `${stamp}_${words.slice(0, LONGEST_NAME)}`;
};
