import { isUniqueViolation } from '../db/errors.ts';
import type { RawClient } from '../db/types.ts';

/** A seal as it was just written. */
export interface Seal {
  readonly number: number;
  /** SHA-256, hexadecimal. */
  readonly head: string;
  /** Rows that it covers. */
  readonly entries: number;
  readonly sealedAt: Date;
}

/** What one try to seal came to. */
export interface Sealing {
  readonly seal?: Seal | undefined;
  /** The server counts transactions anew: the database was moved since the last seal. */
  readonly moved: boolean;
}

export interface SealBatch {
  /** Name of the service, part of every head: a chain of one service is none of another. */
  readonly service: string;
  /** Rows of one seal at most. */
  readonly limit: number;
  /** Goes on behind the highest row sealed so far, under the count of transactions of the present server. */
  readonly afterMove?: boolean;
}

// Two int4 numbers, as for the relay: apart from the bigint space in which idempotency keys are locked.
const lock = '1835623521, 2';

/**
 * A row of audit_entry `e` as text: every column that is not null, by name. A column that is added later and left null
 * changes no text of before. Free of the session's settings.
 */
export const canonical = `(jsonb_strip_nulls(to_jsonb(e) - 'at')
    || jsonb_build_object('at', floor(extract(epoch FROM e.at) * 1000)::bigint))::text`;

/** What a head begins with, so that the way it is made can be changed one day. */
export const headForm = 'midas-audit-seal-1';

/*
 * Rows commit out of the order in which they were numbered, so "higher than the last" would miss some. Below the oldest
 * running transaction (`low`) all that will ever be there is there, and only that is taken. A visible row of a
 * transaction that has not begun (`high` and above) comes from another server and is final as well.
 */
const sealSql = `WITH
  lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${lock}) AS held),
  clock AS MATERIALIZED (
    SELECT pg_snapshot_xmin(s)::text::bigint AS low, pg_snapshot_xmax(s)::text::bigint AS high,
      floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms
    FROM pg_current_snapshot() AS s),
  last AS MATERIALIZED (
    SELECT number, head, through_written, through_seq, highest_seq, floor_seq
    FROM audit_seal ORDER BY number DESC LIMIT 1),
  start AS MATERIALIZED (
    SELECT coalesce(l.number, 0) AS number, coalesce(l.head, '') AS head, coalesce(l.highest_seq, 0) AS highest, m.moved,
      CASE WHEN m.moved AND $2::boolean THEN 0 ELSE coalesce(l.through_written, 0) END AS written,
      CASE WHEN m.moved AND $2::boolean THEN 0 ELSE coalesce(l.through_seq, 0) END AS seq,
      CASE WHEN m.moved AND $2::boolean THEN l.highest_seq ELSE coalesce(l.floor_seq, 0) END AS floor
    FROM clock AS c LEFT JOIN last AS l ON true
      CROSS JOIN LATERAL (SELECT coalesce(l.through_written, 0) >= c.high AS moved) AS m),
  fresh AS MATERIALIZED (
    SELECT e.id, e.written_in, e.seq, sha256(convert_to(${canonical}, 'UTF8')) AS digest
    FROM audit_entry AS e
    WHERE (SELECT held FROM lock) AND e.seq > (SELECT floor FROM start)
      AND (e.written_in, e.seq) > ((SELECT written FROM start), (SELECT seq FROM start))
      AND (e.written_in < (SELECT low FROM clock) OR e.written_in >= (SELECT high FROM clock))
    ORDER BY e.written_in, e.seq LIMIT $3::int),
  taken AS (
    SELECT array_agg(id ORDER BY written_in, seq) AS ids,
      string_agg(digest, ''::bytea ORDER BY written_in, seq) AS digests,
      max(written_in) AS written, (array_agg(seq ORDER BY written_in DESC, seq DESC))[1] AS seq, max(seq) AS highest
    FROM fresh HAVING count(*) > 0),
  body AS (
    SELECT s.number + 1 AS number, c.ms, s.head AS previous, t.ids, t.digests, t.written, t.seq,
      greatest(s.highest, t.highest) AS highest, s.floor
    FROM taken AS t, start AS s, clock AS c),
  sealed AS (
    INSERT INTO audit_seal (number, sealed_at, previous, head, entry_ids, digests, through_written, through_seq,
      highest_seq, floor_seq)
    SELECT number, to_timestamp(ms / 1000.0), previous,
      sha256(convert_to(concat_ws('|', '${headForm}', $1::text, number, encode(previous, 'hex'), ms, written, seq, highest,
        floor, array_to_string(ids, ',')), 'UTF8') || digests),
      ids, digests, written, seq, highest, floor
    FROM body
    RETURNING number, head, entry_ids, sealed_at)
  SELECT start.moved, sealed.number::float8 AS number, encode(sealed.head, 'hex') AS head,
    cardinality(sealed.entry_ids) AS entries, sealed.sealed_at AS "sealedAt"
  FROM start LEFT JOIN sealed ON true`;

type SealedRow = Omit<Seal, 'number'> & { readonly number: number | null; readonly moved: boolean };

/**
 * Seals the oldest rows that no seal covers, in one statement. Seals nothing while another process does: it holds the
 * lock, or has just taken the number of the next seal.
 */
export async function sealBatch(db: RawClient, { service, limit, afterMove }: SealBatch): Promise<Sealing> {
  try {
    const [row] = await db.$queryRawUnsafe<readonly SealedRow[]>(sealSql, service, afterMove ?? false, limit);
    if (row === undefined) throw new Error('sealing the audit trail gave no row');
    const { moved, number, ...rest } = row;
    return { moved, seal: number === null ? undefined : { number, ...rest } };
  } catch (error) {
    if (isUniqueViolation(error, 'audit_seal')) return { moved: false };
    throw error;
  }
}

const lastSql = `SELECT number::float8 AS number, encode(head, 'hex') AS head, cardinality(entry_ids) AS entries,
    sealed_at AS "sealedAt"
  FROM audit_seal ORDER BY number DESC LIMIT 1`;

/** The newest seal, if there is one. */
export async function lastSeal(db: RawClient): Promise<Seal | undefined> {
  const [seal] = await db.$queryRawUnsafe<readonly Seal[]>(lastSql);
  return seal;
}

const ageSql = `SELECT coalesce(extract(epoch FROM clock_timestamp() - (
    SELECT e.at FROM audit_entry AS e
    WHERE (e.written_in, e.seq) > (coalesce((SELECT through_written FROM audit_seal ORDER BY number DESC LIMIT 1), 0),
      coalesce((SELECT through_seq FROM audit_seal ORDER BY number DESC LIMIT 1), 0))
    ORDER BY e.written_in, e.seq LIMIT 1)), 0)::float8 AS age`;

/** Seconds that the oldest row has been waiting for its seal; 0 when none waits. */
export async function unsealedAge(db: RawClient): Promise<number | undefined> {
  const [row] = await db.$queryRawUnsafe<readonly { readonly age: number }[]>(ageSql);
  return row?.age;
}
