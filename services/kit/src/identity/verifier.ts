import { createHash } from 'node:crypto';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { DomainError, fail } from '../errors/domain-error.ts';
import { type Claims, claimsOf } from './claims.ts';

/** Verifies an access token. Fails with `unauthenticated`, or `unavailable` when the keys cannot be read. */
export type TokenVerifier = (token: string) => Promise<Claims>;

export interface VerifierOptions {
  /** The `iss` that tokens must carry. */
  readonly issuer: string;
  /** Where the signing keys are read; may differ in host from the issuer. */
  readonly jwksUrl: string;
  /** What `aud` must contain. */
  readonly audience: string;
  /** Keys to use instead of reading `jwksUrl`. */
  readonly keys?: JWTVerifyGetKey;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

const skewSeconds = 30;
const remembered = 10_000;
/** Ten times what a realm token takes; nothing longer is hashed. */
const longestToken = 16_384;

/**
 * A verifier by the keys of one realm: RS256 only, 30 s of clock skew. A verified token is remembered by its hash
 * until it expires; a refused one is not.
 */
export function tokenVerifier(options: VerifierOptions): TokenVerifier {
  const now = options.now ?? Date.now;
  const keys = options.keys ?? createRemoteJWKSet(new URL(options.jwksUrl), { cooldownDuration: 10_000 });
  const known = new Map<string, Claims>();
  return async (token) => {
    if (token.length > longestToken) return refuse();
    const hash = createHash('sha256').update(token).digest('base64');
    const cached = known.get(hash);
    if (cached !== undefined) {
      if (cached.exp * 1000 > now()) return cached;
      known.delete(hash);
    }
    const claims = await verify(token, keys, options, now);
    const oldest = known.keys().next().value;
    if (known.size >= remembered && oldest !== undefined) known.delete(oldest);
    // One that lives on the skew alone is judged anew each time.
    if (claims.exp * 1000 > now()) known.set(hash, claims);
    return claims;
  };
}

async function verify(
  token: string,
  keys: JWTVerifyGetKey,
  { issuer, audience }: VerifierOptions,
  now: () => number,
): Promise<Claims> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ['RS256'],
      clockTolerance: skewSeconds,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now()),
    });
    return claimsOf(payload) ?? refuse();
  } catch (error) {
    if (error instanceof DomainError) throw error;
    if (isRefusal(error)) return refuse(error);
    throw new DomainError(
      'unavailable',
      'identity-unavailable',
      'Tokens cannot be verified at the moment. Try again shortly.',
      { cause: error },
    );
  }
}

// jose reports an unreachable key set as a time-out, a generic error, or lets fetch's TypeError through.
function isRefusal(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    error.code !== 'ERR_JOSE_GENERIC'
  );
}

function refuse(cause?: unknown): never {
  if (cause instanceof errors.JWTExpired) {
    return fail('unauthenticated', 'token-expired', 'The access token has expired. Ask for a new one.');
  }
  return fail('unauthenticated', 'token-refused', 'The access token is missing, expired or not valid here.');
}
