import { createHash } from 'node:crypto';
import { runInLane } from './lane.ts';
import type { IdempotencyKey, KeyClaim, RawClient } from './types.ts';

// Lock and look-up in one journey. The lock lasts until the transaction ends.
const claim = `SELECT pg_try_advisory_xact_lock($1::bigint) AS locked, r.request_digest, r.result_id, r.result_version
  FROM (SELECT $2::text AS client, $3::text AS subject, $4::text AS rpc, $5::text AS key) AS k
  LEFT JOIN idempotency_record AS r USING (client, subject, rpc, key)`;

interface ClaimRow {
  readonly locked: boolean;
  readonly request_digest: Uint8Array | null;
  readonly result_id: string | null;
  readonly result_version: number | null;
}

const look = `SELECT request_digest, result_id, result_version FROM idempotency_record
  WHERE client = $1 AND subject = $2 AND rpc = $3 AND key = $4`;

/** What an idempotency key was used for and is done; undefined when nothing is done under it yet. */
export async function usedKey(
  db: RawClient,
  { client, subject, rpc, key }: IdempotencyKey,
): Promise<Extract<KeyClaim, { state: 'done' }> | undefined> {
  const [row] = await db.$queryRawUnsafe<readonly Omit<ClaimRow, 'locked'>[]>(
    look,
    client,
    subject,
    rpc,
    key,
  );
  return row && done(row);
}

/** Claims an idempotency key for the transaction `tx`. Never waits: a key in flight elsewhere is `busy`. */
export async function claimKey(tx: RawClient, key: IdempotencyKey): Promise<KeyClaim> {
  const [row] = await runInLane<ClaimRow>(tx, claim, [
    lockNumber(key),
    key.client,
    key.subject,
    key.rpc,
    key.key,
  ]);
  if (row === undefined) throw new Error('claiming an idempotency key gave no row');
  return done(row) ?? (row.locked ? { state: 'new' } : { state: 'busy' });
}

function done({
  request_digest: requestDigest,
  result_id: resultId,
  result_version: resultVersion,
}: Omit<ClaimRow, 'locked'>): Extract<KeyClaim, { state: 'done' }> | undefined {
  if (requestDigest === null || resultId === null || resultVersion === null) return undefined;
  return { state: 'done', requestDigest, resultId, resultVersion };
}

function lockNumber({ client, subject, rpc, key }: IdempotencyKey): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([client, subject, rpc, key]))
    .digest();
  return hash.readBigInt64BE().toString();
}
