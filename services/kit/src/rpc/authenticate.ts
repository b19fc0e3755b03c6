import type { Metadata } from '@grpc/grpc-js';
import type { AccessRule } from '../contract/methods.ts';
import { fail } from '../errors/domain-error.ts';
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
 * Without a user the service asks for itself; of an internal RPC it is always the service that asks.
 */
export async function authenticate(
  { callee, verifyService, verifyUser }: Authentication,
  metadata: Metadata,
  rule: AccessRule,
): Promise<Caller> {
  const credential = bearer(metadata, 'authorization');
  if (credential === undefined) return refuse();
  const claims = await verifyService(credential);
  const via = serviceOf(claims, callee);
  if (via === undefined) return refuse();

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

function refuse(): never {
  return fail('unauthenticated', 'token-refused', 'The access token is missing, expired or not valid here.');
}
