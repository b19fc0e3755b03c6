import { fail } from '@midas/kit';
import Keycloak from 'keycloak-connect';
import { type Bearer, refuse, type TokenVerifier } from './verifier.ts';

/** Where tokens come from: the issuer they name, and the address at which the gateway reaches it. */
export interface KeycloakOptions {
  /** Public issuer, e.g. `https://id.example/realms/midas`. */
  readonly issuer: string;
  /** The same realm as the gateway reaches it. */
  readonly internalUrl: string;
  /** What `aud` must contain. */
  readonly audience: string;
}

/** The part of keycloak-connect's grant manager that is used; its own types lack these members. */
interface GrantManager {
  createGrant(data: { access_token: string }): Promise<{ access_token?: { content?: unknown } }>;
  readonly rotation: {
    realmUrl: string;
    lastTimeRequesTime: number;
    readonly jwks: readonly { readonly kid?: string }[];
    getJWK(kid: string): Promise<string>;
  };
}

// Milliseconds.
const lookUpPause = 10_000;
const lookUpTimeout = 5_000;

/**
 * Verifies bearer tokens with keycloak-connect's grant manager: signature by the realm's keys, issuer, audience,
 * type and expiry. What it leaves open is closed here: only RS256, and `exp`, `nbf` and `sub` must be sound.
 */
export function keycloakVerifier(options: KeycloakOptions, now: () => number = Date.now): TokenVerifier {
  const manager = grantManager(options, now);
  return async (token) => {
    requireRs256(token);
    const content = await manager.createGrant({ access_token: token }).then(
      (grant) => grant.access_token?.content,
      (error: unknown) => refuseOrWait(error),
    );
    return bearerOf(token, content, now());
  };
}

function grantManager({ issuer, internalUrl, audience }: KeycloakOptions, now: () => number): GrantManager {
  const found = /^(.+)\/realms\/([^/]+)\/?$/.exec(issuer);
  if (found === null) throw new Error('KEYCLOAK_ISSUER must end in /realms/<realm>');
  const [, server = '', realm = ''] = found;
  const keycloak = new Keycloak(
    {},
    {
      realm,
      'auth-server-url': server,
      resource: audience,
      'ssl-required': 'none',
      'confidential-port': 0,
      'bearer-only': true,
      // Not in the package's types.
      ...{ 'verify-token-audience': true },
    },
  );
  const manager = Object(keycloak).grantManager as GrantManager;
  // The issuer may be unreachable from here by its public name.
  manager.rotation.realmUrl = internalUrl.replace(/\/$/, '');
  return withSharedLookUps(manager, now);
}

/**
 * Keeps a burst of requests, or of made-up key ids, from falling on Keycloak: look-ups are shared, and after one an
 * unknown key is refused for ten seconds without asking again.
 */
function withSharedLookUps(manager: GrantManager, now: () => number): GrantManager {
  const { rotation } = manager;
  const lookUp = rotation.getJWK.bind(rotation);
  const isKnown = (kid: string) => rotation.jwks.some((key) => key.kid === kid);
  let answered = Number.NEGATIVE_INFINITY;
  let running: Promise<unknown> | undefined;
  rotation.getJWK = async (kid) => {
    if (!isKnown(kid)) {
      if (running === undefined && now() - answered < lookUpPause) throw new Error('unknown key');
      // The package's own pause, which complains on the console, is replaced by this one.
      rotation.lastTimeRequesTime = 0;
      running ??= withinTime(lookUp(kid)).finally(() => {
        running = undefined;
      });
      await running.catch((error: unknown) => {
        if (isUnreachable(error)) throw error;
      });
      answered = now();
      if (!isKnown(kid)) throw new Error('unknown key');
    }
    return lookUp(kid);
  };
  return manager;
}

function withinTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('ETIMEDOUT')), lookUpTimeout);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The grant manager checks RSA-SHA256 whatever the header says; a header that says otherwise is refused first. */
function requireRs256(token: string): void {
  const parts = token.split('.');
  const header = parts.length === 3 ? parseObject(parts[0] ?? '') : undefined;
  if (header?.alg !== 'RS256' || typeof header.kid !== 'string' || header.crit !== undefined) refuse();
}

function parseObject(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** A token cannot be judged while Keycloak's keys cannot be read: that is no fault of the caller. */
function refuseOrWait(error: unknown): never {
  if (isUnreachable(error)) {
    fail(
      'unavailable',
      'identity-unavailable',
      'Tokens cannot be verified at the moment. Try again shortly.',
    );
  }
  return refuse();
}

// The grant manager hands on nothing but the text of the cause.
function isUnreachable(error: unknown): boolean {
  const text = error instanceof Error ? error.message : '';
  return /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|socket hang up|Error fetching JWK/.test(
    text,
  );
}

function bearerOf(token: string, content: unknown, now: number): Bearer {
  const claims: Readonly<Record<string, unknown>> = { ...Object(content) };
  const { exp, nbf, sub, azp } = claims;
  if (typeof exp !== 'number' || exp * 1000 <= now || typeof sub !== 'string' || sub === '') return refuse();
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf * 1000 > now + 30_000)) return refuse();
  return { token, subject: sub, client: typeof azp === 'string' ? azp : sub, expires: exp };
}
