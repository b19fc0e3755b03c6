import { z } from 'zod';
import { DomainError } from '../errors/domain-error.ts';

/** Gives this service's own credential for one callee. Fails with `unavailable` when none can be had. */
export type ServiceTokens = (callee: string) => Promise<string>;

export interface ServiceTokenOptions {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly secret: string;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

interface Held {
  readonly token: string;
  /** Milliseconds since 1970 from when a new one is asked for. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

const answerShape = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const timeoutMs = 5_000;
const failurePauseMs = 1_000;

/**
 * Client credentials, one token a callee (`scope=to-<callee>`), shared by all calls. After a fifth of its life a token is
 * renewed beside the calls, so that it is never signed by a key that was taken away long ago, and a Keycloak that goes
 * away leaves most of a life.
 */
export function serviceTokens(options: ServiceTokenOptions): ServiceTokens {
  const now = options.now ?? Date.now;
  const held = new Map<string, Held>();
  const asking = new Map<string, Promise<Held>>();
  let failedAt = Number.NEGATIVE_INFINITY;

  const renew = (callee: string): Promise<Held> => {
    const running = asking.get(callee);
    if (running !== undefined) return running;
    const asked = ask(options, callee, now)
      .then(
        (got) => {
          held.set(callee, got);
          return got;
        },
        (error: unknown) => {
          failedAt = now();
          throw error;
        },
      )
      .finally(() => asking.delete(callee));
    asking.set(callee, asked);
    return asked;
  };

  return async (callee) => {
    const have = held.get(callee);
    if (have === undefined || now() >= have.expiresAt) return (await renew(callee)).token;
    // When that fails, the one that is held lives on; who finds it at its end is told.
    if (now() >= have.renewAt && now() - failedAt >= failurePauseMs) renew(callee).catch(() => undefined);
    return have.token;
  };
}

async function ask(options: ServiceTokenOptions, callee: string, now: () => number): Promise<Held> {
  try {
    const response = await fetch(options.tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: options.clientId,
        client_secret: options.secret,
        scope: `to-${callee}`,
      }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    // The body of a refusal may echo what was sent; the status says enough.
    if (!response.ok)
      throw new Error(`The token endpoint answered ${response.status} for scope to-${callee}.`);
    const answer = answerShape.parse(await response.json());
    const lifeMs = answer.expires_in * 1000;
    return {
      token: answer.access_token,
      renewAt: now() + lifeMs / 5,
      expiresAt: now() + lifeMs,
    };
  } catch (error) {
    throw new DomainError(
      'unavailable',
      'identity-unavailable',
      'A service that is needed for this cannot be reached. Try again later.',
      { cause: error },
    );
  }
}
