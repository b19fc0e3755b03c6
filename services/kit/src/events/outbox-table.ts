import type pg from 'pg';
import { messageHeaders } from './headers.ts';

/** A row of the outbox as the relay reads it. */
export interface OutboxRecord {
  readonly id: string;
  readonly subject: string;
  readonly type: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly aggregate_version: number;
  readonly payload: Buffer;
  readonly headers: Record<string, string>;
  readonly occurred_at: Date;
}

// Two int4 numbers: apart from the bigint space in which idempotency keys are locked.
const lock = [0x6d696461, 1] as const;

// Ordered by both columns of the index, though one is null throughout: only so does the planner read it in order
// instead of sorting the whole backlog or walking the published rows.
export const pendingSql = `SELECT id, subject, type, aggregate_type, aggregate_id, aggregate_version, payload, headers,
    occurred_at
  FROM outbox_event WHERE published_at IS NULL ORDER BY published_at, seq LIMIT $1`;
const pending = { name: 'midas_outbox_pending', text: pendingSql };
const mark = {
  name: 'midas_outbox_mark',
  text: 'UPDATE outbox_event SET published_at = clock_timestamp() WHERE id = ANY($1::uuid[])',
};

/** Becomes the one relay of this database, for as long as the connection lives. */
export async function takeLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', [
    ...lock,
  ]);
  return rows[0]?.taken === true;
}

/** The oldest rows that wait. Never asks for `seq >` some number: rows commit out of order. */
export async function readPending(client: pg.Client, limit: number): Promise<readonly OutboxRecord[]> {
  const { rows } = await client.query<OutboxRecord>({ ...pending, values: [limit] });
  return rows;
}

export async function markPublished(client: pg.Client, ids: readonly string[]): Promise<void> {
  await client.query({ ...mark, values: [ids] });
}

export function publishHeaders(row: OutboxRecord): Record<string, string> {
  return messageHeaders({
    id: row.id,
    subject: row.subject,
    type: row.type,
    aggregateType: row.aggregate_type,
    aggregateId: row.aggregate_id,
    aggregateVersion: row.aggregate_version,
    payload: row.payload,
    headers: row.headers,
    occurredAt: row.occurred_at,
  });
}

/** Forgets idempotency keys older than 30 days, which is as long as they are promised to be kept. */
export async function forgetOldKeys(client: pg.Client): Promise<void> {
  await client.query(`DELETE FROM idempotency_record WHERE created_at < now() - interval '30 days'`);
}
