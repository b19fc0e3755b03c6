import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { suiteVariable } from './env.ts';

export interface TestDatabase extends AsyncDisposable {
  /** URL as the service's application role. */
  readonly url: string;
  /** URL of the same database as superuser. */
  readonly adminUrl: string;
  readonly name: string;
  /** Ends every connection to the database, as when it is restarted. */
  disconnectAll(): Promise<void>;
}

/** A database of its own with the migrated tables of a service, e.g. `testDatabase('health-access')`. */
export async function testDatabase(service: string): Promise<TestDatabase> {
  const server = suiteVariable('MIDAS_TEST_DATABASE_URL');
  const underscored = service.replaceAll('-', '_');
  const name = `test_${underscored}_${randomBytes(6).toString('hex')}`;
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE template_${underscored}`);
  const adminUrl = withDatabase(server, name);
  const password = suiteVariable('MIDAS_TEST_APP_PASSWORD');
  return {
    name,
    adminUrl,
    url: withRole(adminUrl, `midas_${underscored}_app`, password),
    disconnectAll: () =>
      onServer(server, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]),
    [Symbol.asyncDispose]: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function onServer(url: string, sql: string, values: readonly string[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql, [...values]);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

function withRole(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = password;
  return changed.href;
}
