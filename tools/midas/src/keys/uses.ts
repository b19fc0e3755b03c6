import type pg from 'pg';

/** How many values of one place depend on one key. */
export type KeyUse = { readonly place: string; readonly key: string; readonly values: number };

/** A process that holds keys. */
export type Holder = {
  readonly keys: readonly string[];
  readonly active: string;
  readonly index: string;
  readonly lasting: string;
  /** How long it has had this ring, in seconds. */
  readonly heldSeconds: number;
};

type KeyedColumn = { readonly table: string; readonly column: string; readonly kind: string };

/** Rows of an index that were written before keys were named. */
const UNNAMED = '(unnamed)';

/** Where values depend on keys, as the running code has said. Columns that are gone by now are left out. */
const keyedColumns = async (client: pg.Client): Promise<readonly KeyedColumn[]> => {
  const { rows } = await client.query<KeyedColumn>(
    `SELECT k.table_name AS table, k.column_name AS column, k.kind FROM keyed_column AS k
     JOIN information_schema.columns AS c USING (table_name, column_name)
     WHERE c.table_schema = 'public' ORDER BY 1, 2`,
  );
  return rows;
};

// The id of the key stands in front of a sealed value: format (1 byte), length of the id (1), id.
const keyIn = (kind: string, column: string): string =>
  kind === 'sealed'
    ? `convert_from(substring(${column} FROM 3 FOR get_byte(${column}, 1)), 'UTF8')`
    : `coalesce(${column}, '${UNNAMED}')`;

/** How many values depend on which key, counted now. */
export const keyUses = async (client: pg.Client): Promise<readonly KeyUse[]> => {
  const uses: KeyUse[] = [];
  for (const { table, column, kind } of await keyedColumns(client)) {
    const name = client.escapeIdentifier(column);
    const { rows } = await client.query<{ key: string; n: string }>(
      `SELECT ${keyIn(kind, name)} AS key, count(*) AS n FROM ${client.escapeIdentifier(table)}
       ${kind === 'sealed' ? `WHERE ${name} IS NOT NULL` : ''} GROUP BY 1 ORDER BY 1`,
    );
    uses.push(...rows.map(({ key, n }) => ({ place: `${table}.${column}`, key, values: Number(n) })));
  }
  return uses;
};

/** The processes that hold the service's keys now. */
export const holders = async (client: pg.Client): Promise<readonly Holder[]> => {
  const { rows } = await client.query<Holder>(
    `SELECT keys, active, index, lasting,
       extract(epoch FROM clock_timestamp() - since)::float8 AS "heldSeconds"
     FROM key_holder WHERE seen_at > clock_timestamp() - interval '60 seconds' ORDER BY since`,
  );
  return rows;
};
