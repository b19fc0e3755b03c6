import { hash } from 'node:crypto';
import type { Claims } from './claims.ts';
import type { Introspect } from './introspection.ts';
import { refuseToken } from './refusals.ts';
import type { TokenVerifier } from './verifier.ts';

export interface LiveOptions {
  /** Checks what a token says of itself; only what passes is asked about. */
  readonly verify: TokenVerifier;
  readonly introspect: Introspect;
  /** Milliseconds after which a token is asked about again. A yes holds for twice as long. */
  readonly recheckMs: number;
  /** Told of every answer, for the metrics. */
  readonly asked?: (outcome: Outcome) => void;
  /** Milliseconds, never going back; for tests. */
  readonly now?: () => number;
}

export type Outcome = 'active' | 'inactive' | 'unavailable';

interface Judgement {
  readonly holds: boolean;
  /** When the question was sent: the answer is no younger. */
  readonly at: number;
}

const remembered = 10_000;
// While Keycloak is away, callers are told at once instead of each waiting for it.
const failurePauseMs = 1_000;

/**
 * A verifier of tokens that their realm still stands behind: not signed out, not disabled, no role, team or
 * organisation taken away since. A token's first use waits for Keycloak's answer. From `recheckMs` on it is asked about
 * again beside the calls, and beyond twice that time they wait; so a no takes effect within that time, and for so long
 * the last yes holds while Keycloak is away. Calls with the same token share one question.
 */
export function liveVerifier(options: LiveOptions): TokenVerifier {
  const { verify, introspect, recheckMs, asked = () => undefined, now = () => performance.now() } = options;
  const judged = new Map<string, Judgement>();
  const asking = new Map<string, Promise<Judgement>>();
  let failure: { readonly at: number; readonly error: unknown } | undefined;

  const ask = (key: string, token: string, claims: Claims): Promise<Judgement> => {
    const running = asking.get(key);
    if (running !== undefined) return running;
    if (failure !== undefined && now() - failure.at < failurePauseMs) return Promise.reject(failure.error);
    const at = now();
    const answer = introspect(token)
      .then(
        (present) => {
          failure = undefined;
          const judgement = { holds: present !== undefined && agrees(claims, present), at };
          asked(judgement.holds ? 'active' : 'inactive');
          remember(judged, key, judgement);
          return judgement;
        },
        (error: unknown) => {
          failure = { at: now(), error };
          asked('unavailable');
          throw error;
        },
      )
      .finally(() => asking.delete(key));
    asking.set(key, answer);
    return answer;
  };

  return async (token) => {
    const claims = await verify(token);
    const key = hash('sha256', token, 'base64');
    const last = judged.get(key);
    const age = last === undefined ? Number.POSITIVE_INFINITY : now() - last.at;
    if (last !== undefined && age < recheckMs) return last.holds ? claims : refuseToken();
    const answer = ask(key, token, claims);
    if (last?.holds && age < 2 * recheckMs) {
      // That it failed has been counted; the last yes holds until it is too old.
      answer.catch(() => undefined);
      return claims;
    }
    return (await answer).holds ? claims : refuseToken();
  };
}

function remember(judged: Map<string, Judgement>, key: string, judgement: Judgement): void {
  // Insertion order is age of the answer: the oldest makes room.
  judged.delete(key);
  const oldest = judged.keys().next().value;
  if (judged.size >= remembered && oldest !== undefined) judged.delete(oldest);
  judged.set(key, judgement);
}

/** Whether everything that a token says of its holder would still be said today. */
function agrees(said: Claims, present: Claims): boolean {
  const roles = new Set(present.realm_access.roles);
  const teams = new Set(present.teams);
  return (
    said.sub === present.sub &&
    said.preferred_username === present.preferred_username &&
    said.organisation === present.organisation &&
    said.organisation_kind === present.organisation_kind &&
    said.realm_access.roles.every((role) => roles.has(role)) &&
    said.teams.every((team) => teams.has(team))
  );
}
