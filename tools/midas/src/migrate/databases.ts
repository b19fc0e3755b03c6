import pg from 'pg';
import { applicationRole, databaseName, migratorRole } from '../services.ts';

/** Passwords of the two roles of each service, by role name. */
export type RolePasswords = Readonly<Record<string, string>>;

/** The same server and options, another database and, when given, another role. */
export const urlFor = (
  base: string,
  database: string,
  role?: { readonly name: string; readonly password: string },
): string => {
  const url = new URL(base);
  url.pathname = `/${database}`;
  if (role) {
    url.username = role.name;
    url.password = encodeURIComponent(role.password);
  }
  return url.toString();
};

/** Runs `work` on one connection and closes it. */
export const withClient = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url, application_name: 'midas-tool' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

export const databaseExists = async (client: pg.Client, name: string): Promise<boolean> => {
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  return found.rowCount === 1;
};

const ensureRole = async (client: pg.Client, name: string, password: string): Promise<void> => {
  const id = client.escapeIdentifier(name);
  const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
  const verb = found.rowCount === 1 ? 'ALTER' : 'CREATE';
  await client.query(`${verb} ROLE ${id} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
};

/** Makes a service's database and its two roles, where they are not there yet; sets the roles' passwords. */
export const ensureDatabase = async (
  client: pg.Client,
  service: string,
  passwords: RolePasswords,
): Promise<void> => {
  const names = [migratorRole(service), applicationRole(service)] as const;
  for (const name of names) await ensureRole(client, name, passwords[name] ?? '');
  const [migrator, application] = names.map((name) => client.escapeIdentifier(name));
  const database = client.escapeIdentifier(databaseName(service));
  if (!(await databaseExists(client, databaseName(service)))) {
    // A creator that is no superuser may give a database only to a role that it belongs to.
    await client.query(`GRANT ${migrator} TO CURRENT_USER`);
    await client.query(`CREATE DATABASE ${database} OWNER ${migrator}`);
  }
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${application}`);
};

/** Tables of the audit trail: what is in them can be added to and read, and never changed. */
const KEPT = ['audit_entry', 'audit_seal'];
const MIGRATIONS = '_prisma_migrations';

/** Columns that the application fills in itself: what the database fills in is not for it to choose. */
const ownColumns = async (client: pg.Client, table: string): Promise<readonly string[]> => {
  const { rows } = await client.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = $1 AND column_default IS NULL ORDER BY ordinal_position`,
    [table],
  );
  return rows.map(({ name }) => client.escapeIdentifier(name));
};

/**
 * What the application may do with the tables that are there now, run as their owner after each migration. The audit
 * trail can be added to and read, and the list of migrations only read. One statement to the server, so that no right
 * is there for a moment only.
 */
export const grantApplication = async (client: pg.Client, service: string): Promise<void> => {
  const application = client.escapeIdentifier(applicationRole(service));
  const { rows } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`,
  );
  const rights = rows.map(async ({ name }) => {
    const table = client.escapeIdentifier(name);
    const none = `REVOKE ALL ON ${table} FROM ${application};`;
    if (name === MIGRATIONS) return `${none} GRANT SELECT ON ${table} TO ${application};`;
    if (!KEPT.includes(name)) return `GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${application};`;
    const columns = (await ownColumns(client, name)).join(', ');
    return `${none} GRANT SELECT, INSERT (${columns}) ON ${table} TO ${application};`;
  });
  await client.query(`
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO ${application};
    ${(await Promise.all(rights)).join('\n')}
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${application};`);
};
