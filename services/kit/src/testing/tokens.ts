import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeJwt, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import pg from 'pg';
import { suiteVariable } from './env.ts';

interface Held {
  readonly token: Promise<string>;
  readonly until: number;
}

const held = new Map<string, Held>();
// Tokens live five minutes; a test never starts with one that is about to end.
const reuseMs = 180_000;

/** Access token of a demo user, from Keycloak by password grant. */
export function testToken(userName: string): Promise<string> {
  return once(`user ${userName}`, () =>
    inTurn(userName, () =>
      grant({
        grant_type: 'password',
        client_id: 'midas-demo',
        username: userName,
        password: suiteVariable('MIDAS_TEST_DEMO_PASSWORD'),
      }),
    ),
  );
}

// Keycloak's guard against guessing refuses a user who signs in twice at the same time, as two test files may.
async function inTurn<T>(userName: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: suiteVariable('MIDAS_TEST_DATABASE_URL') });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`sign-in ${userName}`]);
    return await work();
  } finally {
    await client.end();
  }
}

/** Access token of a confidential client, from Keycloak; with `callee`, for that service alone. */
export function testServiceToken(client: string, callee?: string): Promise<string> {
  return once(`client ${client} ${callee ?? ''}`, () =>
    grant({
      grant_type: 'client_credentials',
      client_id: client,
      client_secret: testSecret(client),
      ...(callee === undefined ? {} : { scope: `to-${callee}` }),
    }),
  );
}

/** Secret of a confidential client, e.g. `service-case`. */
export function testSecret(client: string): string {
  const secrets: unknown = JSON.parse(readFileSync(suiteVariable('MIDAS_TEST_SECRETS_FILE'), 'utf8'));
  const found = Object.entries(Object(secrets)).find(([name]) => name === client)?.[1];
  if (typeof found !== 'string') throw new Error(`Keycloak knows no client ${client}`);
  return found;
}

export type Forgery =
  | 'other-key'
  | 'unsigned'
  | 'hmac'
  | 'expired'
  | 'other-issuer'
  | 'other-audience'
  | 'garbage';

/** A token that must be refused: the claims of a real one (of `userName`), with one thing wrong and not Keycloak's key. */
export async function forgedToken(kind: Forgery, userName: string): Promise<string> {
  if (kind === 'garbage') return 'not.a.token';
  const claims = decodeJwt(await testToken(userName));
  const now = Math.floor(Date.now() / 1000);
  const wrong: Readonly<Record<Exclude<Forgery, 'garbage'>, object>> = {
    'other-key': {},
    unsigned: {},
    hmac: {},
    expired: { iat: now - 1_000, exp: now - 600 },
    'other-issuer': { iss: 'https://elsewhere.example/realms/midas' },
    'other-audience': { aud: 'account' },
  };
  const payload = { ...claims, ...wrong[kind] };
  if (kind === 'unsigned') return new UnsecuredJWT(payload).encode();
  if (kind === 'hmac') {
    const shared = createSecretKey(Buffer.from('a secret that everybody could know'));
    return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(shared);
  }
  const { privateKey } = await generateKeyPair('RS256');
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'forged' }).sign(privateKey);
}

function once(name: string, ask: () => Promise<string>): Promise<string> {
  const known = held.get(name);
  if (known !== undefined && known.until > Date.now()) return known.token;
  const token = ask();
  held.set(name, { token, until: Date.now() + reuseMs });
  token.catch(() => held.delete(name));
  return token;
}

async function grant(form: Readonly<Record<string, string>>): Promise<string> {
  const issuer = suiteVariable('MIDAS_TEST_KEYCLOAK_ISSUER');
  const answer = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
    signal: AbortSignal.timeout(20_000),
  });
  const body: unknown = await answer.json();
  if (answer.ok && typeof body === 'object' && body !== null && 'access_token' in body) {
    return String(body.access_token);
  }
  const reason =
    typeof body === 'object' && body !== null && 'error_description' in body ? body.error_description : '';
  throw new Error(`Keycloak gave no token to ${form.username ?? form.client_id}: ${answer.status} ${reason}`);
}
