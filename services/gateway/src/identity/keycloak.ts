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
    jwks: readonly { readonly kid?: string }[];
    getJWK(kid: string): Promise<string>;
  };
}

// Milliseconds.
const keysFresh = 60_000;
const keysHold = 300_000;
const missPause = 10_000;
const readTimeout = 5_000;
const skew = 30_000;

/**
 * Verifies bearer tokens with keycloak-connect's grant manager: signature by the realm's keys, issuer, audience,
 * type and expiry. What it leaves open is closed here: only RS256, and `exp`, `iat`, `nbf` and `sub` must be sound.
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
  return withOwnLookUps(manager, `${internalUrl.replace(/\/$/, '')}/protocol/openid-connect/certs`, now);
}

/**
 * Reads the keys in place of the grant manager, which would keep a removed key for ever and ask Keycloak for every
 * made-up one: once a minute, and at once for an unknown key unless the last such question was in vain ten seconds
 * ago. Look-ups are shared, and the last keys serve while Keycloak is away.
 */
function withOwnLookUps(manager: GrantManager, url: string, now: () => number): GrantManager {
  const { rotation } = manager;
  const asPem = rotation.getJWK.bind(rotation);
  const isKnown = (kid: string) => rotation.jwks.some((key) => key.kid === kid);
  let readAt = Number.NEGATIVE_INFINITY;
  let missedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  const read = (): Promise<void> => {
    running ??= readKeys(url)
      .then((keys) => {
        rotation.jwks = keys;
        readAt = now();
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  rotation.getJWK = async (kid) => {
    const age = now() - readAt;
    if (age >= keysFresh)
      await read().catch((error: unknown) => {
        if (age >= keysHold) throw error;
      });
    if (!isKnown(kid) && now() - missedAt >= missPause) {
      await read();
      if (!isKnown(kid)) missedAt = now();
    }
    if (!isKnown(kid)) throw new Error('unknown key');
    return asPem(kid);
  };
  return manager;
}

const unreachable = 'the keys cannot be read';

async function readKeys(url: string): Promise<GrantManager['rotation']['jwks']> {
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(readTimeout) });
    const body: unknown = await response.json();
    const { keys } = Object(body) as { readonly keys?: unknown };
    if (response.ok && Array.isArray(keys)) return keys;
    throw new Error(`The key set answered ${response.status}.`);
  } catch (cause) {
    throw new Error(unreachable, { cause });
  }
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
  return error instanceof Error && error.message.includes(unreachable);
}

function bearerOf(token: string, content: unknown, now: number): Bearer {
  const claims: Readonly<Record<string, unknown>> = { ...Object(content) };
  const { exp, iat, nbf, sub, azp } = claims;
  if (typeof exp !== 'number' || exp * 1000 <= now || typeof sub !== 'string' || sub === '') return refuse();
  if (!isPast(iat, now) || (nbf !== undefined && !isPast(nbf, now))) return refuse();
  return { token, subject: sub, client: typeof azp === 'string' ? azp : sub, expires: exp };
}

function isPast(time: unknown, now: number): boolean {
  return typeof time === 'number' && time * 1000 <= now + skew;
}
