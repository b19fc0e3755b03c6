import { userError } from '../../errors.ts';
import { type Http, textAt } from './http.ts';

export interface Credentials {
  /** Token endpoint of the realm. */
  readonly tokenUrl: string;
  /** Password of a demo user; they share one. */
  readonly password: string;
  /** Secrets of the partner systems' clients, by client id. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface Tokens {
  /** A token of a user or partner client that lives at least 30 s more. */
  readonly of: (actor: string) => Promise<string>;
  /** Drops a token that was refused, so that the next one is new. */
  readonly forget: (actor: string) => void;
}

const SPARE_MS = 30_000;
/** Public client of the demo realm that may ask with a user's password. */
const DEMO_CLIENT = 'midas-demo';

/** Signs actors in at Keycloak and keeps their tokens until shortly before they expire. One sign-in an actor at a time. */
export function tokens(send: Http, credentials: Credentials, now: () => number = Date.now): Tokens {
  const kept = new Map<string, { readonly token: Promise<string>; until: number }>();

  const signIn = async (actor: string, entry: { until: number }): Promise<string> => {
    const answer = await send({
      method: 'POST',
      url: credentials.tokenUrl,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(grant(actor, credentials)).toString(),
    });
    const token = textAt(answer.json, 'access_token');
    if (answer.status !== 200 || token === undefined) {
      const why = textAt(answer.json, 'error') ?? 'no token';
      throw Object.assign(signInRefused(actor, answer.status, why), { status: answer.status });
    }
    entry.until = now() + lifetime(answer.json) - SPARE_MS;
    return token;
  };

  return {
    of: (actor) => {
      const known = kept.get(actor);
      if (known && known.until > now()) return known.token;
      const entry = { until: Number.POSITIVE_INFINITY };
      const token = signIn(actor, entry);
      const made = Object.assign(entry, { token });
      kept.set(actor, made);
      token.catch(() => {
        if (kept.get(actor) === made) kept.delete(actor);
      });
      return token;
    },
    forget: (actor) => {
      kept.delete(actor);
    },
  };
}

const isUser = (actor: string): boolean => actor.includes('@');

function grant(actor: string, { password, secrets }: Credentials): Record<string, string> {
  return isUser(actor)
    ? { grant_type: 'password', client_id: DEMO_CLIENT, username: actor, password }
    : { grant_type: 'client_credentials', client_id: actor, client_secret: secrets[actor] ?? '' };
}

function lifetime(json: unknown): number {
  const seconds =
    typeof json === 'object' && json !== null && 'expires_in' in json ? Number(json.expires_in) : 0;
  return seconds * 1000;
}

const signInRefused = (actor: string, status: number, why: string): Error =>
  userError(
    `Keycloak refused the sign-in of ${actor} (${status} ${why}).`,
    'The replay needs the demo realm of infra/keycloak; look at `midas status`.',
  );
