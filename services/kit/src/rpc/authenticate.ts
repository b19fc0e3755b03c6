import type { Metadata } from '@grpc/grpc-js';
import type { AccessRule } from '../contract/methods.ts';
import { DomainError, fail } from '../errors/domain-error.ts';
import { anonymous, type Caller } from '../identity/caller.ts';
import { serviceCaller, serviceOf, userOf } from '../identity/claims.ts';
import type { TokenVerifier } from '../identity/verifier.ts';
import { bearer, header } from './headers.ts';

export interface Authentication {
  /** Name of this service: the one audience of a credential that calls it. */
  readonly callee: string;
  readonly verifyService: TokenVerifier;
  readonly verifyUser: TokenVerifier;
}

/**
 * Who asks for this RPC. The calling process proves itself in `authorization`, the user in `x-user-authorization`.
 * Without a user the service asks for itself; of an internal RPC it is always the service that asks. Over mutual TLS,
 * `certified` are the services that the certificate of the connection speaks for: the credential must be of one of them.
 */
export async function authenticate(
  { callee, verifyService, verifyUser }: Authentication,
  metadata: Metadata,
  rule: AccessRule,
  certified: readonly string[] | undefined,
): Promise<Caller> {
  const credential = bearer(metadata, 'authorization');
  if (credential === undefined) return refuse();
  const claims = await verifyService(credential);
  const via = serviceOf(claims, callee);
  if (via === undefined) return refuse();
  if (certified !== undefined && !certified.includes(via))
    return refuse(`a credential of ${via} by the certificate of another`);

  const user = await userIn(metadata, via, verifyUser);
  const service = serviceCaller(claims, via);
  switch (rule.kind) {
    case 'internal':
      return user === undefined ? service : { ...service, actingFor: user };
    case 'public':
      return user ?? anonymous(via);
    case 'permission':
      return user ?? service;
  }
}

async function userIn(metadata: Metadata, via: string, verify: TokenVerifier): Promise<Caller | undefined> {
  if (header(metadata, 'x-user-authorization') === '') return undefined;
  const token = bearer(metadata, 'x-user-authorization');
  if (token === undefined) return refuse();
  return userOf(await verify(token), token, via) ?? refuse();
}

function refuse(why?: string): never {
  const text = 'The access token is missing, expired or not valid here.';
  if (why === undefined) return fail('unauthenticated', 'token-refused', text);
  throw new DomainError('unauthenticated', 'token-refused', text, {
    cause: new DomainError('unauthenticated', 'certificate-mismatch', why),
  });
}
