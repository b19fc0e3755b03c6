import type { RawClient } from '../db/types.ts';

export interface DeadLetterRow {
  readonly consumer: string;
  readonly eventId: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly errorSlug: string;
  readonly attempts: number;
}

const insert = `INSERT INTO dead_letter (consumer, event_id, subject, payload, headers, error_slug, attempts)
  VALUES ($1, $2, $3, decode($4, 'base64'), $5::jsonb, $6, $7::int)
  ON CONFLICT (consumer, event_id) DO UPDATE
  SET error_slug = excluded.error_slug, attempts = excluded.attempts, failed_at = now()`;

/** Puts an event aside for a person to look at. */
export async function writeDeadLetter(db: RawClient, row: DeadLetterRow): Promise<void> {
  const payload = Buffer.from(row.payload).toString('base64');
  const headers = JSON.stringify(row.headers);
  await db.$executeRawUnsafe(
    insert,
    row.consumer,
    row.eventId,
    row.subject,
    payload,
    headers,
    row.errorSlug,
    row.attempts,
  );
}
