import { hash } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import { DomainError, fail } from '../errors/domain-error.ts';
import { type Claims, claimsOf } from './claims.ts';
import type { KeySet, SigningKeys } from './key-set.ts';
import { badAnswer, identityUnavailable, refuseToken } from './refusals.ts';

/** Verifies an access token. Fails with `unauthenticated`, or `unavailable` when it cannot be judged. */
export type TokenVerifier = (token: string) => Promise<Claims>;

export interface VerifierOptions {
  /** The `iss` that tokens must carry. */
  readonly issuer: string;
  /** What `aud` must contain, all of them. */
  readonly audiences: readonly string[];
  readonly keys: KeySet;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

const skewSeconds = 30;
// What the realm gives its tokens; one that claims to be older was not meant to be used any more.
const lifeSeconds = 300;
const remembered = 10_000;
/** Ten times what a realm token takes; nothing longer is hashed. */
const longestToken = 16_384;

interface Known {
  readonly claims: Claims;
  readonly version: number;
}

/**
 * A verifier by the keys of one realm: RS256 only, 30 s of clock skew. A verified token is remembered by its hash
 * until it expires or the realm's keys change; a refused one is not.
 */
export function tokenVerifier(options: VerifierOptions): TokenVerifier {
  const { keys, now = Date.now } = options;
  const known = new Map<string, Known>();
  return async (token) => {
    if (token.length > longestToken) return refuseToken();
    const current = await keys.current();
    const digest = hash('sha256', token, 'base64');
    const cached = known.get(digest);
    if (cached !== undefined) {
      if (cached.version === current.version && cached.claims.exp * 1000 > now()) return cached.claims;
      known.delete(digest);
    }
    const { claims, version } = await verify(token, current, options, now);
    const oldest = known.keys().next().value;
    if (known.size >= remembered && oldest !== undefined) known.delete(oldest);
    // One that lives on the skew alone is judged anew each time.
    if (claims.exp * 1000 > now()) known.set(digest, { claims, version });
    return claims;
  };
}

async function verify(
  token: string,
  current: SigningKeys,
  options: VerifierOptions,
  now: () => number,
): Promise<Known> {
  try {
    return await verifyBy(current, token, options, now);
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) return judge(error);
    const renewed = await options.keys.again();
    if (renewed.version === current.version) return judge(error);
    return verifyBy(renewed, token, options, now).catch(judge);
  }
}

async function verifyBy(
  { keyOf, version }: SigningKeys,
  token: string,
  { issuer, audiences }: VerifierOptions,
  now: () => number,
): Promise<Known> {
  const { payload } = await jwtVerify(token, keyOf, {
    issuer,
    algorithms: ['RS256'],
    clockTolerance: skewSeconds,
    // Has `iat` checked as well: neither missing, nor older than a token lives, nor in the future.
    maxTokenAge: lifeSeconds,
    requiredClaims: ['exp', 'sub', 'aud'],
    currentDate: new Date(now()),
  });
  const claims = claimsOf(payload) ?? refuseToken(badAnswer('The claims have another shape.'));
  const missing = audiences.find((name) => !claims.aud.includes(name));
  if (missing !== undefined) refuseToken(badAnswer(`The audience ${missing} is missing.`));
  return { claims, version };
}

function judge(error: unknown): never {
  if (error instanceof DomainError) throw error;
  if (error instanceof errors.JWTExpired) {
    return fail('unauthenticated', 'token-expired', 'The access token has expired. Ask for a new one.');
  }
  if (error instanceof errors.JOSEError) return refuseToken(error);
  throw identityUnavailable(error);
}
