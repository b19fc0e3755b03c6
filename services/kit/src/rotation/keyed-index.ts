import { transact } from '../db/transact.ts';
import type { Database, RawClient, Tx } from '../db/types.ts';
import { quoted } from './sql.ts';

/**
 * A table of blind indexes whose column `key_id` names the key that made each row. Kit has it made anew when another
 * key makes indexes.
 */
export interface KeyedIndex<Db> {
  readonly table: string;
  /**
   * Makes the index anew for the next `limit` sources after the id `after`, in a transaction of its own. Returns the id
   * of the last one; undefined when there was none. Doing it twice does no harm.
   */
  readonly rebuild: (db: Tx<Db>, after: string, limit: number) => Promise<string | undefined>;
}

const beforeAll = '00000000-0000-0000-0000-000000000000';

/** Rows of an index that another key made than the one in force. */
async function outdated(db: RawClient, table: string, keyId: string): Promise<number> {
  const rows = await db.$queryRawUnsafe<readonly { n: bigint }[]>(
    `SELECT count(*) AS n FROM ${quoted(table)} WHERE key_id IS DISTINCT FROM $1`,
    keyId,
  );
  return Number(rows[0]?.n ?? 0);
}

/** Makes one index anew, batch by batch; returns how many rows of other keys there were, and how many are left. */
export async function rebuildIndex<Db extends Database>(
  db: Db,
  index: KeyedIndex<Db>,
  options: { readonly keyId: string; readonly batchSize: number; readonly between: () => Promise<boolean> },
): Promise<{ readonly found: number; readonly left: number }> {
  const found = await outdated(db, index.table, options.keyId);
  let after: string | undefined = found === 0 ? undefined : beforeAll;
  while (after !== undefined && (await options.between())) {
    const from: string = after;
    after = await transact(db, async (tx: Tx<Db>) => ({
      value: await index.rebuild(tx, from, options.batchSize),
      effects: { events: [] },
    }));
  }
  return { found, left: found === 0 ? 0 : await outdated(db, index.table, options.keyId) };
}
