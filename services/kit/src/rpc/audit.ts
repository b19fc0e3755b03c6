import type { MethodContract } from '../contract/methods.ts';
import { auditMark } from '../db/audit-mark.ts';
import type { KeyedDigest } from '../db/keys.ts';
import type { AuditRow } from '../db/types.ts';
import type { DomainError } from '../errors/domain-error.ts';
import type { Caller } from '../identity/caller.ts';
import type { MethodDefinition } from './types.ts';

export interface Audited {
  readonly caller: Caller;
  readonly method: MethodContract;
  readonly purpose: string;
  readonly traceId: string;
  readonly now: Date;
  readonly newId: () => string;
  readonly digest: KeyedDigest;
}

/** What a call asked for. */
export interface Asked {
  readonly ids: readonly string[];
  /** Of a list or search: see `filterDigest`. */
  readonly filter?: string | undefined;
}

/** Audit row of one call: allowed and done, or refused with `error`. */
export function auditRow(
  { caller, method, purpose, traceId, now, newId, digest }: Audited,
  { ids, filter }: Asked,
  error?: DomainError,
): AuditRow {
  // Of an internal RPC: the user behind it, if any, with the roles of the service that asked.
  const person = caller.actingFor ?? caller;
  const denied =
    error?.kind === 'forbidden' || error?.kind === 'not-found' || error?.kind === 'unauthenticated';
  const row: AuditRow = {
    id: newId(),
    at: now,
    subject: person.subject,
    userName: person.userName,
    client: person.client,
    via: caller.via,
    organisation: person.organisation,
    roles: caller.roles,
    rpc: method.path,
    action: method.access.kind === 'permission' ? method.access.action : method.access.kind,
    recordIds: ids,
    filterDigest: filter,
    purpose,
    decision: denied ? 'deny' : 'allow',
    outcome: error?.slug ?? 'ok',
    traceId,
  };
  return { ...row, mark: auditMark(digest, row) };
}

/**
 * Ids that a request names: the fields of its REST path, and of a change or an internal RPC whatever else is called
 * `…_id` or `…_ids`. What a list is narrowed by is digested instead.
 */
export function askedIds(method: MethodContract, request: object): readonly string[] {
  const values = request as Readonly<Record<string, unknown>>;
  const named = method.input.fields.map(({ name }) => name).filter((name) => /_ids?$/.test(name));
  const wanted = method.changing || method.http === undefined ? named : idFields(method);
  const ids = wanted
    .flatMap((name) => values[name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())])
    .filter((value): value is string => typeof value === 'string' && value !== '' && value.length <= 64);
  return [...new Set(ids)];
}

const digestBytes = 16;

/**
 * Keyed digest of what a reading RPC was asked for, if it can be asked for more than the records it names: equal
 * questions have equal digests, on whichever page. Undefined for any other RPC.
 */
export function filterDigest(
  digest: KeyedDigest,
  method: MethodContract,
  definition: MethodDefinition,
  request: object,
): string | undefined {
  const named = idFields(method);
  if (method.input.fields.every(({ name }) => named.includes(name))) return undefined;
  // What the definition has decoded it also encodes.
  const bytes = definition.requestSerialize({ ...request, pageSize: 0, pageToken: '' } as never);
  return Buffer.from(digest(`filter|${method.path}`, bytes))
    .subarray(0, digestBytes)
    .toString('base64url');
}

function idFields(method: MethodContract): readonly string[] {
  return (
    method.http?.params ??
    method.input.fields.map((field) => field.name).filter((name) => name.endsWith('_id'))
  );
}
