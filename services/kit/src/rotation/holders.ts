import type { KeyRing } from '../config/key-ring.ts';
import type { RawClient } from '../db/types.ts';

/** Where values depend on a key. */
export interface KeyedColumn {
  readonly table: string;
  readonly column: string;
  readonly kind: 'sealed' | 'index';
}

/** A process that holds keys: itself, and since when it has the ring it has. */
export interface Holder {
  readonly id: string;
  readonly since: Date;
}

// A process that said nothing for so long has ended, or will look at its ring before it does anything else.
const forgottenAfter = '60 seconds';

const announcement = `INSERT INTO key_holder (id, keys, active, index, lasting, since, seen_at)
  SELECT id, ARRAY(SELECT json_array_elements_text(keys)), active, index, lasting, since, clock_timestamp()
  FROM json_to_record($1::json) AS r(id uuid, keys json, active text, index text, lasting text, since timestamptz)
  ON CONFLICT (id) DO UPDATE SET keys = EXCLUDED.keys, active = EXCLUDED.active, index = EXCLUDED.index,
    lasting = EXCLUDED.lasting, since = EXCLUDED.since, seen_at = EXCLUDED.seen_at`;
const forget = `DELETE FROM key_holder WHERE seen_at < clock_timestamp() - interval '${forgottenAfter}'`;

/** Says which keys this process holds. */
export async function announce(db: RawClient, ring: KeyRing, holder: Holder): Promise<void> {
  const { active, index, lasting } = ring;
  const said = { ...holder, active, index, lasting, keys: Object.keys(ring.keys) };
  await db.$executeRawUnsafe(announcement, JSON.stringify(said));
  await db.$executeRawUnsafe(forget);
}

/** Takes back what this process said, when it ends. */
export async function withdraw(db: RawClient, id: string): Promise<void> {
  await db.$executeRawUnsafe('DELETE FROM key_holder WHERE id = $1::uuid', id);
}

const dissent = `SELECT count(*) AS n FROM key_holder
  WHERE active <> $1 OR index <> $2 OR since > clock_timestamp() - make_interval(secs => $3::float8)`;

/** Whether every process has the same keys in force, and has had them for so long that nothing older is under way. */
export async function allAgree(db: RawClient, ring: KeyRing, settleMs: number): Promise<boolean> {
  const { active, index } = ring;
  const rows = await db.$queryRawUnsafe<readonly { n: bigint }[]>(dissent, active, index, settleMs / 1_000);
  return Number(rows[0]?.n ?? 1) === 0;
}

/** Whether every process has a key, if only to look for what it made. */
export async function allHave(db: RawClient, keyId: string): Promise<boolean> {
  const rows = await db.$queryRawUnsafe<readonly { n: bigint }[]>(
    'SELECT count(*) AS n FROM key_holder WHERE NOT $1 = ANY (keys)',
    keyId,
  );
  return Number(rows[0]?.n ?? 1) === 0;
}

const columns = `INSERT INTO keyed_column (table_name, column_name, kind)
  SELECT "table", "column", kind FROM json_to_recordset($1::json) AS r("table" text, "column" text, kind text)
  ON CONFLICT (table_name, column_name) DO UPDATE SET kind = EXCLUDED.kind`;

/** Says where values depend on keys, for whoever counts them. Nothing is taken back: older code may still run. */
export async function declare(db: RawClient, declared: readonly KeyedColumn[]): Promise<void> {
  if (declared.length > 0) await db.$executeRawUnsafe(columns, JSON.stringify(declared));
}
