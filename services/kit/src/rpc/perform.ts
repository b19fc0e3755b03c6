import { timingSafeEqual } from 'node:crypto';
import type { MethodContract } from '../contract/methods.ts';
import { claimKey, transact, usedKey } from '../db/index.ts';
import type { KeyedDigest } from '../db/keys.ts';
import type {
  AuditRow,
  Database,
  Effects,
  IdempotencyKey,
  KeyClaim,
  OutboxRow,
  RawClient,
  Tx,
} from '../db/types.ts';
import { DomainError, fail } from '../errors/domain-error.ts';
import { outboxRow } from '../events/outbox.ts';
import type { Shown } from './shown.ts';
import type { Answer, Call, Command, Query, Reader, Unit } from './types.ts';

/** A call that passed the checks before the handler. */
export interface Admitted<Db> {
  readonly method: MethodContract;
  readonly call: Call;
  readonly shown: Shown;
  readonly db: Db;
  readonly request: object;
  /** The request as it was received. */
  readonly raw: Uint8Array;
  readonly idempotencyKey: string;
  readonly ifMatch: string;
  /** Digests that are kept, and stay when keys are replaced. */
  readonly digest: KeyedDigest;
  readonly newId: () => string;
  readonly auditRow: (recordIds: readonly string[]) => AuditRow;
}

export interface Performed {
  readonly answer: object;
  /** `false`: none. `true`: in any case. `undefined`: when the answer is one shown record. */
  readonly etag: boolean | undefined;
  /** Record ids to audit; undefined when the transaction has written the audit row itself. */
  readonly audit: readonly string[] | undefined;
}

/** Runs a query's handler. */
export async function read<Db>(query: Query<object, object, Db>, admitted: Admitted<Db>): Promise<Performed> {
  const { answer, audit, etag } = await query.read(admitted.request, reader(admitted));
  return { answer, audit, etag };
}

/**
 * Runs a command: `prepare`, then one transaction with the idempotency key, `decide` and everything it leaves behind.
 * A key that was used before neither prepares nor decides again: the record is read again for this caller.
 */
export async function change<Db extends Database>(
  { steps }: Command<object, object, Db>,
  admitted: Admitted<Db>,
): Promise<Performed> {
  const { call, db, request, raw } = admitted;
  const key = idempotencyKeyOf(admitted);
  const requestDigest = key === undefined ? undefined : admitted.digest('request', raw);
  const repeat = async (id: string): Promise<Performed> => ({
    answer: await steps.reread(id, reader(admitted)),
    etag: undefined,
    audit: [id],
  });
  // Asked twice only where it saves asking others: what they were asked for is done, and they may be away by now.
  if (steps.prepare !== undefined && key !== undefined && requestDigest !== undefined) {
    const used = await usedKey(db, key);
    if (used !== undefined) return repeat(sameRequest(used, requestDigest));
  }
  const prepared = await steps.prepare?.(request, reader(admitted));
  if (call.signal.aborted) fail('timeout', 'timeout', 'The call took too long. Try again later.');

  type Outcome = { readonly repeated: string } | { readonly made: Answer<object> };
  const outcome = await transact<Db, Outcome>(db, async (tx) => {
    if (key !== undefined && requestDigest !== undefined) {
      const repeated = await claimed(tx as Tx<Db> & RawClient, key, requestDigest);
      if (repeated !== undefined) return { value: { repeated }, effects: { events: [] } };
    }
    const { unit, events, isMatched } = makeUnit<Db>(admitted, tx);
    const made = await steps.decide(request, unit, prepared);
    if (admitted.method.updating && !isMatched()) {
      throw new Error(`${admitted.method.path} changed a record without comparing its version.`);
    }
    const effects: Effects = {
      events,
      idempotency:
        key === undefined || requestDigest === undefined
          ? undefined
          : { ...key, requestDigest, resultId: made.id, resultVersion: made.version },
      audit: admitted.auditRow(made.audit ?? [made.id]),
    };
    return { value: { made }, effects };
  });
  if ('repeated' in outcome) return repeat(outcome.repeated);
  return { answer: outcome.made.answer, etag: undefined, audit: undefined };
}

function reader<Db>({ call, db }: Admitted<Db>): Reader<Db> {
  return { ...call, db };
}

// A caller may have put anything into the key, so only a digest of it is kept.
function idempotencyKeyOf<Db>(admitted: Admitted<Db>): IdempotencyKey | undefined {
  const { call, idempotencyKey, method, digest } = admitted;
  if (idempotencyKey === '') return undefined;
  const { client, subject } = call.caller;
  const key = Buffer.from(digest('idempotency-key', idempotencyKey)).toString('base64url');
  return { client, subject, rpc: method.path, key };
}

async function claimed(
  tx: RawClient,
  key: IdempotencyKey,
  requestDigest: Uint8Array,
): Promise<string | undefined> {
  const claim = await claimKey(tx, key);
  if (claim.state === 'new') return undefined;
  if (claim.state === 'busy') {
    return fail(
      'conflict',
      'idempotency-key-in-flight',
      'A request with this Idempotency-Key is still being worked on. Send it again in a moment.',
    );
  }
  return sameRequest(claim, requestDigest);
}

// The record that the key stands for, if it stands for this request.
function sameRequest(
  { requestDigest: first, resultId }: Extract<KeyClaim, { state: 'done' }>,
  requestDigest: Uint8Array,
): string {
  if (first.length === requestDigest.length && timingSafeEqual(first, requestDigest)) return resultId;
  return fail(
    'conflict',
    'idempotency-key-reused',
    'This Idempotency-Key was used for another request. Use a new key for a new request.',
  );
}

function makeUnit<Db>(
  { call, shown, ifMatch, newId, method }: Admitted<Db>,
  tx: Tx<Db>,
): { unit: Unit<Db>; events: OutboxRow[]; isMatched: () => boolean } {
  const events: OutboxRow[] = [];
  let matched = false;
  const unit: Unit<Db> = {
    ...call,
    db: tx,
    publish: (codec, message, aggregate, occurredAt = call.now) => {
      events.push(outboxRow(codec, message, aggregate, occurredAt, newId));
    },
    match: (record) => {
      const isMatch = shown.matches(record, ifMatch);
      if (isMatch === undefined)
        throw new Error(`${method.path} compares a version that was not made by show.`);
      if (!isMatch) throw stale();
      matched = true;
    },
  };
  return { unit, events, isMatched: () => matched };
}

function stale(): DomainError {
  return new DomainError(
    'stale',
    'stale',
    'The record has changed since you read it. Read it again and repeat the change.',
  );
}
