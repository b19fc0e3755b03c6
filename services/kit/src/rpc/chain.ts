import type { Metadata } from '@grpc/grpc-js';
import { mayEver } from '../access/ability.ts';
import type { Policy } from '../access/policy.ts';
import { standingOf } from '../access/standing.ts';
import type { MethodContract } from '../contract/methods.ts';
import type { Roles } from '../contract/roles.ts';
import { validate } from '../contract/validate.ts';
import type { AuditWriter } from '../db/audit.ts';
import type { Database } from '../db/types.ts';
import { type DomainError, fail } from '../errors/domain-error.ts';
import type { Caller } from '../identity/caller.ts';
import { currentTraceId } from '../telemetry/tracing.ts';
import { type Asked, type Audited, askedIds, auditRow, filterDigest } from './audit.ts';
import { type Authentication, authenticate } from './authenticate.ts';
import { type CallTools, makeCall } from './call.ts';
import { answerable } from './failures.ts';
import { checkedHeader } from './headers.ts';
import { change, type Performed, read } from './perform.ts';
import { etagOf } from './shown.ts';
import type { Command, MethodDefinition, Query } from './types.ts';

/** What the chain of one service needs. */
export interface Chain<Db> extends CallTools {
  readonly authentication: Authentication;
  readonly policy: Policy;
  readonly roles: Roles;
  readonly db: Db;
  readonly audit: AuditWriter;
  readonly newId: () => string;
  readonly now: () => Date;
}

/** One RPC with everything that is known of it before it is called. */
export interface Rpc<Db> {
  readonly method: MethodContract;
  readonly definition: MethodDefinition;
  readonly handler: Command<object, object, Db> | Query<object, object, Db>;
}

/** One call as it arrives. */
export interface Arriving {
  readonly raw: Buffer;
  readonly metadata: Metadata;
  /** Services that the peer's certificate speaks for; undefined where there is no mutual TLS. */
  readonly certified: readonly string[] | undefined;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Told of a failure before the caller was known. */
  readonly onUnknownCaller: (error: DomainError) => void;
}

export interface Leaving {
  readonly bytes: Buffer;
  readonly etag: string | undefined;
}

/**
 * One call through the chain: verify → rules → permission → handler → masks → audit. Whatever goes wrong leaves as a
 * `DomainError`, and once the caller is known it is audited before it leaves.
 */
export async function runChain<Db extends Database>(
  chain: Chain<Db>,
  rpc: Rpc<Db>,
  arriving: Arriving,
): Promise<Leaving> {
  const traceId = currentTraceId();
  const { method } = rpc;
  let caller: Caller;
  try {
    caller = await authenticate(chain.authentication, arriving.metadata, method.access, arriving.certified);
  } catch (error) {
    const refusal = answerable(error, traceId);
    arriving.onUnknownCaller(refusal);
    throw refusal;
  }
  const { newId, digest } = chain;
  const audited: Audited = { caller, method, purpose: '', traceId, now: chain.now(), newId, digest };
  const asked: Noted = { ids: [], filter: undefined, purpose: '' };
  try {
    return await admit(chain, rpc, arriving, audited, asked);
  } catch (error) {
    const refusal = answerable(error, traceId);
    await auditRefusal(chain, { ...audited, purpose: asked.purpose }, asked, refusal);
    throw refusal;
  }
}

// What a refusal may say of the request, as far as the chain has come to trust it.
interface Noted {
  ids: readonly string[];
  filter: string | undefined;
  purpose: string;
}

async function admit<Db extends Database>(
  chain: Chain<Db>,
  rpc: Rpc<Db>,
  { raw, metadata, deadline, signal }: Arriving,
  audited: Audited,
  asked: Noted,
): Promise<Leaving> {
  const { method, definition } = rpc;
  const { now, traceId } = audited;
  asked.purpose = checkedHeader(metadata, 'x-purpose');

  const violations = validate(method.input, raw);
  if (violations.length > 0)
    fail('invalid', 'invalid-request', 'The request breaks the rules of the contract.', violations);
  const request = definition.requestDeserialize(raw);
  asked.ids = askedIds(method, request);
  if (rpc.handler.kind === 'query') asked.filter = filterDigest(chain.digest, method, definition, request);
  const caller = withStanding(chain.roles, audited.caller, asked.purpose);
  asked.purpose = (caller.actingFor ?? caller).purpose;

  const ability = await chain.policy.abilityFor(caller, method.access);
  requirePermission(method, caller, (action, subject) => mayEver(ability, action, subject));

  const { call, shown } = makeCall({ caller, ability, traceId, now, deadline, signal }, chain);
  const row = (ids: readonly string[]) =>
    auditRow({ ...audited, purpose: asked.purpose }, { ids, filter: asked.filter });
  const admitted = {
    method,
    call,
    shown,
    db: chain.db,
    request,
    raw,
    idempotencyKey: idempotencyKey(method, caller, metadata),
    ifMatch: ifMatch(method, metadata),
    digest: chain.digest,
    newId: chain.newId,
    auditRow: row,
  };
  const performed =
    rpc.handler.kind === 'query' ? await read(rpc.handler, admitted) : await change(rpc.handler, admitted);

  const answer = shown.finish(method.output.typeName, performed.answer);
  const bytes = definition.responseSerialize(answer as never);
  if (performed.audit !== undefined) await chain.audit.write(row(performed.audit));
  return {
    bytes,
    etag: etag(performed.etag, shown.etag(answer), () => etagOf(chain.etags, bytes)),
  };
}

function withStanding(roles: Roles, caller: Caller, purpose: string): Caller {
  const { actingFor } = caller;
  if (actingFor !== undefined) return { ...caller, actingFor: standingOf(roles, actingFor, purpose) };
  return caller.kind === 'user' ? standingOf(roles, caller, purpose) : caller;
}

function requirePermission(
  { access }: MethodContract,
  caller: Caller,
  may: (action: string, subject: string) => boolean,
): void {
  const permitted =
    access.kind === 'public' ||
    (access.kind === 'internal' && access.callers.includes(caller.via)) ||
    // A service asks for itself by internal RPCs only.
    (access.kind === 'permission' && caller.kind === 'user' && may(access.action, access.subject));
  if (!permitted) fail('forbidden', 'forbidden', 'You are not permitted to do this.');
}

// A user's change may be sent twice by a network; a service's call is made unique by what it calls for.
function idempotencyKey(method: MethodContract, caller: Caller, metadata: Metadata): string {
  const key = checkedHeader(metadata, 'idempotency-key');
  if (key === '' && method.changing && caller.kind !== 'service') {
    fail(
      'invalid',
      'idempotency-key-required',
      'Send an Idempotency-Key header with a value of your own for each change.',
    );
  }
  return method.changing ? key : '';
}

function ifMatch(method: MethodContract, metadata: Metadata): string {
  const value = checkedHeader(metadata, 'if-match');
  if (value === '' && method.updating) {
    fail(
      'precondition-required',
      'if-match-required',
      'Send If-Match with the ETag of the record as you read it, or *.',
    );
  }
  return value;
}

function etag(
  wanted: Performed['etag'],
  ofShown: string | undefined,
  ofBytes: () => string,
): string | undefined {
  if (wanted === false) return undefined;
  return ofShown ?? (wanted === true ? ofBytes() : undefined);
}

async function auditRefusal<Db>(
  chain: Chain<Db>,
  audited: Audited,
  asked: Asked,
  refusal: DomainError,
): Promise<void> {
  try {
    await chain.audit.write(auditRow(audited, asked, refusal));
  } catch (error) {
    // Nothing of the data leaves with a refusal, so it is answered even when it cannot be written down.
    chain.log.error(
      { error, rpc: audited.method.path, outcome: refusal.slug },
      'a refusal could not be audited',
    );
  }
}
