import type { MethodContract } from '../contract/methods.ts';
import type { AuditRow } from '../db/types.ts';
import type { DomainError } from '../errors/domain-error.ts';
import type { Caller } from '../identity/caller.ts';

export interface Audited {
  readonly caller: Caller;
  readonly method: MethodContract;
  readonly purpose: string;
  readonly traceId: string;
  readonly now: Date;
  readonly newId: () => string;
}

/** Audit row of one call: allowed and done, or refused with `error`. */
export function auditRow(
  { caller, method, purpose, traceId, now, newId }: Audited,
  recordIds: readonly string[],
  error?: DomainError,
): AuditRow {
  // Of an internal RPC: the user behind it, if any, with the roles of the service that asked.
  const person = caller.actingFor ?? caller;
  const denied =
    error?.kind === 'forbidden' || error?.kind === 'not-found' || error?.kind === 'unauthenticated';
  return {
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
    recordIds,
    purpose,
    decision: denied ? 'deny' : 'allow',
    outcome: error?.slug ?? 'ok',
    traceId,
  };
}

/** Ids that a request names: the fields of its REST path, or of an internal RPC the fields called `…_id`. */
export function askedIds(method: MethodContract, request: object): readonly string[] {
  const names =
    method.http?.params ??
    method.input.fields.map((field) => field.name).filter((name) => name.endsWith('_id'));
  const values = request as Readonly<Record<string, unknown>>;
  return names
    .map((name) => values[name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())])
    .filter((value): value is string => typeof value === 'string' && value !== '' && value.length <= 64);
}
