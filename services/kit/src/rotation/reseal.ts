import type { SealedPlace, ServiceSealer } from '../db/sealer.ts';
import { transact } from '../db/transact.ts';
import type { Database, RawClient } from '../db/types.ts';
import { quoted } from './sql.ts';

interface Row {
  readonly id: string;
  readonly sealed: Uint8Array;
}

export interface Batch {
  /** Id of the last row that was looked at; undefined when none was left. */
  readonly last: string | undefined;
  readonly resealed: number;
  /** Ids of rows whose value does not open. */
  readonly broken: readonly string[];
}

// The key's id stands in the sealed bytes, so what is left to do is told by the data alone. The lock keeps a command
// from changing the value between reading and writing it, and the old bytes are compared besides.
const select = (table: string, column: string): string => `SELECT id::text AS id, ${column} AS sealed
  FROM ${table}
  WHERE ${column} IS NOT NULL AND id > $1::uuid
    AND (octet_length(${column}) < 2 OR substring(${column} FROM 3 FOR get_byte(${column}, 1)) <> convert_to($2, 'UTF8'))
  ORDER BY id LIMIT $3::int FOR NO KEY UPDATE`;
const update = (table: string, column: string): string => `UPDATE ${table} AS t
  SET ${column} = decode(r.made, 'base64')
  FROM json_to_recordset($1::json) AS r(id uuid, old text, made text)
  WHERE t.id = r.id AND t.${column} = decode(r.old, 'base64')`;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/**
 * Seals the next values of a column after row `after` anew under the active key, in one transaction. A value that does
 * not open is left as it is.
 */
export async function resealBatch<Db extends Database>(
  db: Db,
  {
    sealer,
    place,
    after,
    active,
    limit,
  }: {
    readonly sealer: ServiceSealer;
    readonly place: SealedPlace;
    readonly after: string;
    readonly active: string;
    readonly limit: number;
  },
): Promise<Batch> {
  const [table, column] = [quoted(place.table), quoted(place.column)];
  return transact(db, async (client) => {
    const tx = client as unknown as RawClient;
    const rows = await tx.$queryRawUnsafe<readonly Row[]>(select(table, column), after, active, limit);
    const broken: string[] = [];
    const made = rows.flatMap(({ id, sealed }) => {
      try {
        return [{ id, old: base64(sealed), made: base64(sealer.reseal(place, id, sealed)) }];
      } catch {
        // What is wrong with the bytes is for whoever looks at the row; the cause could quote them.
        broken.push(id);
        return [];
      }
    });
    const resealed =
      made.length === 0 ? 0 : await tx.$executeRawUnsafe(update(table, column), JSON.stringify(made));
    return { value: { last: rows.at(-1)?.id, resealed, broken }, effects: { events: [] } };
  });
}
