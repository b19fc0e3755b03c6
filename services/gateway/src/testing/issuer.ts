import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface TestIssuer {
  readonly issuer: string;
  /** How often the keys were asked for. */
  readonly lookUps: () => number;
  /** The service tokens that were asked for by client credentials. */
  readonly granted: () => readonly { readonly client: string; readonly scope: string }[];
  /** A token like Keycloak's; claims may be replaced or, with undefined, left out. */
  token(claims?: Readonly<Record<string, unknown>>, options?: TokenOptions): string;
  /** Gives it a new key in place of the old, under the next name: `k1`, `k2` … */
  rotate(): void;
  stop(): Promise<void>;
}

export interface TokenOptions {
  readonly alg?: 'RS256' | 'HS256' | 'none' | 'RS384';
  readonly kid?: string;
  /** Signs with a key that the issuer does not have. */
  readonly forged?: boolean;
  /** More members of the header. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/**
 * An issuer with a key of its own, so that a test can make the tokens that a real Keycloak never would. The journey
 * tests use the real one.
 */
export async function testIssuer(): Promise<TestIssuer> {
  let own = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let generation = 1;
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let asked = 0;
  const jwk = () => ({
    ...own.publicKey.export({ format: 'jwk' }),
    kid: `k${generation}`,
    use: 'sig',
    alg: 'RS256',
  });
  const granted: { client: string; scope: string }[] = [];
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/realms/test/protocol/openid-connect/certs') {
      asked += 1;
      response.end(JSON.stringify({ keys: [jwk()] }));
    } else if (request.url === '/realms/test/protocol/openid-connect/token') {
      const form = new URLSearchParams(await text(request));
      const scope = form.get('scope') ?? '';
      granted.push({ client: form.get('client_id') ?? '', scope });
      response.end(JSON.stringify({ access_token: `granted-${scope}`, expires_in: 300 }));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realms/test`;
  return {
    issuer,
    lookUps: () => asked,
    granted: () => granted,
    token(claims = {}, { alg = 'RS256', kid = 'k1', forged = false, header = {} } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const base = {
        iss: issuer,
        aud: ['midas'],
        typ: 'Bearer',
        sub: 'user-1',
        azp: 'midas-demo',
        iat: now,
        exp: now + 300,
      };
      const signed = `${part({ alg, typ: 'JWT', kid, ...header })}.${part({ ...base, ...claims })}`;
      return `${signed}.${signature(signed, alg, forged ? other.privateKey : own.privateKey, own.publicKey)}`;
    },
    rotate: () => {
      own = generateKeyPairSync('rsa', { modulusLength: 2048 });
      generation += 1;
    },
    stop: () =>
      new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve()))),
  };
}

function signature(signed: string, alg: string, key: KeyObject, publicKey: KeyObject): string {
  if (alg === 'none') return '';
  // The classic confusion: the public key as the secret of a symmetric signature.
  const secret = publicKey.export({ format: 'pem', type: 'spki' });
  if (alg === 'HS256') return createHmac('sha256', secret).update(signed).digest('base64url');
  return sign(alg === 'RS384' ? 'sha384' : 'sha256', Buffer.from(signed), key).toString('base64url');
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
