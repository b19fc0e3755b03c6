import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { urlFor } from './databases.ts';

const CHAR = pg.types.builtins.CHAR;
const TEXT = pg.types.builtins.TEXT;

type Rows = readonly unknown[];

/**
 * The system catalogue has columns of PostgreSQL's one-byte type, which the adapter refuses and the engine needs. The
 * pool calls them text, so that the adapter lets them pass, and remembers where they stood in which answer.
 */
const letCharactersPass = (pool: pg.Pool): WeakMap<Rows, readonly number[]> => {
  const characters = new WeakMap<Rows, readonly number[]>();
  const plain = pool.query.bind(pool) as (query: pg.QueryConfig | string) => Promise<pg.QueryResult>;
  const query = async (asked: pg.QueryConfig | string): Promise<pg.QueryResult> => {
    const answer = await plain(asked);
    const fields = answer.fields ?? [];
    const positions = fields.flatMap((field, index) => (field.dataTypeID === CHAR ? [index] : []));
    for (const field of fields) if (field.dataTypeID === CHAR) field.dataTypeID = TEXT;
    if (positions.length > 0) characters.set(answer.rows, positions);
    return answer;
  };
  Object.assign(pool, { query });
  return characters;
};

// The engine writes the server's words into its own error, if it is told them in this form.
const asAdapterError = (cause: unknown): unknown => {
  if (!(cause instanceof pg.DatabaseError)) return cause;
  const { code, severity, message, detail, column, hint } = cause;
  return new DriverAdapterError({
    kind: 'postgres',
    code: code ?? '',
    severity: severity ?? 'ERROR',
    message,
    detail,
    column,
    hint,
  });
};

type Opened = { readonly adapter: SqlDriverAdapter; readonly close: () => Promise<void> };

const open = async (url: string, afterwards: () => Promise<void>): Promise<Opened> => {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  // A scratch database is dropped while the server still takes leave of our connections; what it says then is no news.
  // Statements report their own failures.
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  const characters = letCharactersPass(pool);
  const plain = await new PrismaPg(pool).connect();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= plain
      .dispose()
      .then(() => pool.end())
      .then(afterwards);
    return closing;
  };
  const adapter: SqlDriverAdapter = {
    provider: plain.provider,
    adapterName: plain.adapterName,
    queryRaw: async (query) => {
      const answer = await plain.queryRaw(query);
      const positions = characters.get(answer.rows) ?? [];
      const columnTypes = answer.columnTypes.map((type, index) =>
        positions.includes(index) ? ColumnTypeEnum.Character : type,
      );
      return { ...answer, columnTypes };
    },
    executeRaw: (query) => plain.executeRaw(query),
    startTransaction: (isolation) => plain.startTransaction(isolation),
    getConnectionInfo: () => plain.getConnectionInfo(),
    // The adapter cuts a script at every semicolon, those in functions and texts too, and runs the pieces one by one.
    // Sent whole, it is one transaction: a migration that fails leaves nothing behind.
    executeScript: async (script) => {
      await pool.query(script).catch((cause: unknown) => {
        throw asAdapterError(cause);
      });
    },
    dispose: close,
  };
  return { adapter, close };
};

const inDatabase = async (url: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/**
 * Prisma's PostgreSQL adapter for the schema engine, with scratch databases. `close` ends what the engine opened, for the
 * engine itself does not always: its advisory lock would stay with the connection.
 */
export const migrationAdapter = (
  url: string,
): { readonly factory: SqlMigrationAwareDriverAdapterFactory; readonly close: () => Promise<void> } => {
  const opened: Opened[] = [];
  const remember = async (opening: Promise<Opened>): Promise<SqlDriverAdapter> => {
    const one = await opening;
    opened.push(one);
    return one.adapter;
  };
  const scratch = async (): Promise<Opened> => {
    const name = `midas_scratch_${randomUUID().replaceAll('-', '')}`;
    await inDatabase(url, `CREATE DATABASE ${name}`);
    return open(urlFor(url, name), () => inDatabase(url, `DROP DATABASE ${name} WITH (FORCE)`));
  };
  return {
    factory: {
      provider: 'postgres',
      adapterName: '@prisma/adapter-pg',
      connect: () => remember(open(url, async () => undefined)),
      connectToShadowDb: () => remember(scratch()),
    },
    close: async () => {
      await Promise.all(opened.map((one) => one.close()));
    },
  };
};
