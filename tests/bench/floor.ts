import pg from 'pg';
import { loop, type Timings } from './statistics.ts';

/** The tables that one submitted referral writes to, and the columns that must differ from row to row. */
const tables = [
  { name: 'referral', fresh: ['id'] },
  { name: 'outbox_event', fresh: ['id'], generated: ['seq'] },
  { name: 'idempotency_record', fresh: ['key'] },
  { name: 'audit_entry', fresh: ['id'], generated: ['seq', 'written_in'] },
] as const;

interface Row {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly fresh: readonly number[];
}

/** The newest row of each table as an INSERT: the floor writes the same bytes that the service wrote. */
async function samples(pool: pg.Pool): Promise<readonly Row[]> {
  return Promise.all(
    tables.map(async (table) => {
      const { rows, fields } = await pool.query(`SELECT * FROM ${table.name} ORDER BY ctid DESC LIMIT 1`);
      const row: Record<string, unknown> | undefined = rows[0];
      if (row === undefined) throw new Error(`The table ${table.name} is empty; submit a referral first.`);
      const generated: readonly string[] = 'generated' in table ? table.generated : [];
      const columns = fields.filter(({ name }) => !generated.includes(name) && name !== 'source_reference');
      const fresh: readonly string[] = table.fresh;
      return {
        sql: `INSERT INTO ${table.name} (${columns.map(({ name }) => `"${name}"`).join(', ')}) VALUES (${columns
          .map((_, at) => `$${at + 1}`)
          .join(', ')})`,
        values: columns.map(({ name }) => (name === 'published_at' ? new Date() : row[name])),
        fresh: columns.flatMap(({ name }, at) => (fresh.includes(name) ? [at] : [])),
      };
    }),
  );
}

/** The rows of one submitted referral in one transaction, written straight with `pg` on 16 connections. */
export async function floor(databaseUrl: string, seconds: number): Promise<Timings> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 16, options: '-c synchronous_commit=on' });
  try {
    const rows = await samples(pool);
    const clients = await Promise.all(Array.from({ length: 16 }, () => pool.connect()));
    const idle = [...clients];
    const timings = await loop(16, seconds, async () => {
      const client = idle.pop();
      if (client === undefined) throw new Error('more lanes than connections');
      await client.query('BEGIN');
      for (const { sql, values, fresh } of rows) {
        const own = values.map((value, at) => (fresh.includes(at) ? crypto.randomUUID() : value));
        await client.query({ name: sql.slice(0, 40), text: sql, values: own });
      }
      await client.query('COMMIT');
      idle.push(client);
    });
    for (const client of clients) client.release();
    return timings;
  } finally {
    await pool.end();
  }
}
