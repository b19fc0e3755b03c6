import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { badAnswer, identityUnavailable } from './refusals.ts';

/** The signing keys of a realm at one moment. */
export interface SigningKeys {
  /** Another one whenever the keys have changed, so that what was verified by other keys is verified anew. */
  readonly version: number;
  readonly keyOf: JWTVerifyGetKey;
}

/** The signing keys of a realm. Both fail with `unavailable` when they cannot be read. */
export interface KeySet {
  readonly current: () => Promise<SigningKeys>;
  /** For a token whose key is not in the set: it may be newer than the last reading. */
  readonly again: () => Promise<SigningKeys>;
}

export interface KeySetOptions {
  /** Where the realm publishes its keys. */
  readonly url: string;
  /** Milliseconds, never going back; for tests. */
  readonly now?: () => number;
}

interface Held extends SigningKeys {
  readonly text: string;
  readonly readAt: number;
}

/** Milliseconds until the keys are read again: a key taken from the realm is not trusted for longer. */
const keysFreshMs = 60_000;
// While Keycloak is away the last keys serve the tokens that it still could have signed.
const keysHoldMs = 300_000;
const missPauseMs = 10_000;
const failurePauseMs = 1_000;
const timeoutMs = 4_000;

const answerShape = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/**
 * Reads a realm's keys when they are first needed, once a minute after that, and at once for a key that it does not
 * know. Readers share one request. A made-up key id costs Keycloak at most one request in ten seconds.
 */
export function keySet({ url, now = () => performance.now() }: KeySetOptions): KeySet {
  let held: Held | undefined;
  let reading: Promise<Held> | undefined;
  let missedAt = Number.NEGATIVE_INFINITY;
  let failure: { readonly at: number; readonly error: Error } | undefined;

  const read = (): Promise<Held> => {
    if (failure !== undefined && now() - failure.at < failurePauseMs) return Promise.reject(failure.error);
    const startedAt = now();
    reading ??= readKeys(url)
      .then(
        ({ text, keys }) => {
          failure = undefined;
          const isSame = held?.text === text;
          const version = isSame && held !== undefined ? held.version : (held?.version ?? 0) + 1;
          const keyOf = isSame && held !== undefined ? held.keyOf : createLocalJWKSet(keys);
          held = { version, keyOf, text, readAt: startedAt };
          return held;
        },
        (cause: unknown) => {
          const error = identityUnavailable(cause);
          failure = { at: now(), error };
          throw error;
        },
      )
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };

  return {
    current: async () => {
      const known = held;
      if (known === undefined) return read();
      const age = now() - known.readAt;
      if (age < keysFreshMs) return known;
      return read().catch((error: unknown) => {
        if (age < keysHoldMs) return known;
        throw error;
      });
    },
    again: async () => {
      const before = held;
      if (before !== undefined && now() - missedAt < missPauseMs) return before;
      const after = await read();
      if (after.version === before?.version) missedAt = now();
      return after;
    },
  };
}

async function readKeys(url: string): Promise<{ readonly text: string; readonly keys: JSONWebKeySet }> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) {
    await response.body?.cancel();
    throw badAnswer(`The key set answered ${response.status}.`);
  }
  const { keys } = answerShape.parse(await response.json());
  const sorted = keys.map((key) => JSON.stringify(key)).sort();
  return { text: sorted.join('\n'), keys: { keys } };
}
