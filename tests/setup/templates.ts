import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

const services = join(import.meta.dirname, '../../services');

/** Makes one template database for each service that has migrations; test databases are copies of them. */
export async function makeTemplates(serverUrl: string): Promise<void> {
  const server = new pg.Client({ connectionString: serverUrl });
  await server.connect();
  try {
    for (const service of await readdir(services)) {
      const migrations = join(services, service, 'prisma/migrations');
      const names = await readdir(migrations).catch(() => undefined);
      if (names === undefined) continue;
      const template = `template_${service.replaceAll('-', '_')}`;
      await server.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
      await server.query(`CREATE DATABASE ${template}`);
      const url = new URL(serverUrl);
      url.pathname = `/${template}`;
      await apply(url.href, migrations, names.sort());
    }
  } finally {
    await server.end();
  }
}

async function apply(url: string, folder: string, names: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const name of names.filter((each) => !each.includes('.'))) {
      await client.query(await readFile(join(folder, name, 'migration.sql'), 'utf8'));
    }
  } finally {
    await client.end();
  }
}
