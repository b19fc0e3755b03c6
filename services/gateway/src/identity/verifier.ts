import { hash } from 'node:crypto';
import { fail } from '@midas/kit';

/** What the gateway itself needs to know of a verified token; the services verify and read it again. */
export interface Bearer {
  readonly token: string;
  readonly subject: string;
  /** The client that the token was issued to. */
  readonly client: string;
  /** Seconds since 1970. */
  readonly expires: number;
}

/**
 * Says whose token this is. Rejects with kind `unauthenticated`, or `unavailable` when it cannot be known.
 * `beforeWork` is called when the answer has to be worked out, and may reject.
 */
export type TokenVerifier = (token: string, beforeWork?: () => Promise<void>) => Promise<Bearer>;

/**
 * The bearer token of an `Authorization` header; undefined when there is none. Any other scheme is refused, so
 * that a caller does not believe to be signed in.
 */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const found = /^Bearer +([A-Za-z0-9._~+/=-]{1,8192})$/i.exec(header);
  return found?.[1] ?? refuse();
}

/** One text for every refusal: a caller learns that the token was refused, never which check it failed. */
export function refuse(): never {
  return fail('unauthenticated', 'token-refused', 'The access token is missing, expired or not valid here.');
}

/**
 * Remembers verified tokens by hash until they expire, at most `capacity` of them; refusals are not remembered.
 * Requests with the same unknown token share one verification.
 */
export function remembered(verify: TokenVerifier, capacity: number, now: () => number): TokenVerifier {
  const known = new Map<string, Bearer>();
  const pending = new Map<string, Promise<Bearer>>();
  return async (token, beforeWork) => {
    const digest = hash('sha256', token, 'base64');
    const bearer = known.get(digest);
    if (bearer !== undefined) {
      if (bearer.expires * 1000 > now()) return bearer;
      known.delete(digest);
    }
    await beforeWork?.();
    const running = pending.get(digest) ?? verify(token).finally(() => pending.delete(digest));
    pending.set(digest, running);
    const verified = await running;
    // Insertion order is age: the oldest makes room.
    const oldest = known.keys().next().value;
    if (known.size >= capacity && oldest !== undefined) known.delete(oldest);
    known.set(digest, verified);
    return verified;
  };
}
