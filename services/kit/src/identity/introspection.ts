import { z } from 'zod';
import { type Claims, claimsOf } from './claims.ts';
import { badAnswer, identityUnavailable } from './refusals.ts';

/**
 * What Keycloak says of a token now: its claims as they would be given today, or undefined when it no longer holds
 * (signed out, disabled, expired). Fails with `unavailable` when Keycloak cannot say.
 */
export type Introspect = (token: string) => Promise<Claims | undefined>;

export interface IntrospectionOptions {
  readonly url: string;
  readonly clientId: string;
  readonly secret: string;
}

const timeoutMs = 4_000;
const answerShape = z.looseObject({ active: z.boolean() });

/** Asks Keycloak with the client of this service. To a client that the token's `aud` does not name Keycloak says no. */
export function introspection({ url, clientId, secret }: IntrospectionOptions): Introspect {
  const authorization = `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`;
  return async (token) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization },
        // A token goes to Keycloak and to nobody that it names.
        redirect: 'error',
        body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw badAnswer(`The introspection answered ${response.status}.`);
      }
      const answer = answerShape.parse(await response.json());
      if (!answer.active) return undefined;
      return claimsOf(answer) ?? unreadable();
    } catch (error) {
      throw identityUnavailable(error);
    }
  };
}

function unreadable(): never {
  throw badAnswer('The introspection answered with claims of another shape.');
}
