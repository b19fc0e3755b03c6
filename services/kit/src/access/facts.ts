import type { AccessRule } from '../contract/methods.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { Caller } from '../identity/caller.ts';
import { briefly } from './briefly.ts';

/** Milliseconds for which facts hold, counted from when they were asked for. */
const factsHoldMs = 1_000;

export interface FactsOptions<Facts> {
  /** Asks the service that owns the facts, in the name of this user. */
  readonly ask: (user: Caller) => Promise<Facts>;
  /** What holds of everyone about whom nobody is asked. */
  readonly none: Facts;
  /** Whether facts can make a difference to what this user asks for. */
  readonly matter: (user: Caller, asked: AccessRule) => boolean;
  /** Whether facts must be newer than this request, e.g. when a change rests on one that was made a moment ago. */
  readonly anew?: (asked: AccessRule) => boolean;
}

/** What is known of a caller where the rules rest on more than the token says. */
export type Facts<T> = (caller: Caller, asked: AccessRule) => Promise<T>;

/**
 * Facts about users that another service owns, each asked for at most once a second a user. They count from when they were
 * asked for, so a call that begins a second after a change is judged by it, however long the answer takes. Where they cannot be asked
 * for, the call is refused (`unavailable`) before any record is looked up, so that the refusal tells nothing.
 */
export function factsAbout<T>({ ask, none, matter, anew }: FactsOptions<T>, now?: () => number): Facts<T> {
  const held = briefly<T>(factsHoldMs, now);
  return async (caller, asked) => {
    if (caller.kind !== 'user' || !matter(caller, asked)) return none;
    const load = () => ask(caller).catch((cause: unknown) => unavailable(cause));
    return held(nameOf(caller), load, anew?.(asked));
  };
}

// Everything by which two requests of one user may differ in what holds of them.
function nameOf(user: Caller): string {
  const { client, subject, userName, organisation, organisationKind, purpose, roles, teams } = user;
  return JSON.stringify([client, subject, userName, organisation, organisationKind, purpose, roles, teams]);
}

function unavailable(cause: unknown): never {
  throw new DomainError(
    'unavailable',
    'access-unavailable',
    'Who may see what cannot be checked at the moment. Try again shortly.',
    { cause },
  );
}
