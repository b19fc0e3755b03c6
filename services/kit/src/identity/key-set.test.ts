import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issuer } from '../rpc/fixture/tokens.ts';
import { type KeySet, keySet } from './key-set.ts';
import { tokenVerifier } from './verifier.ts';

const pairs = await Promise.all(['old', 'new'].map(keyPair));
const [old, young] = pairs as [Pair, Pair];

let publisher: Server;
let published: JWK[];
let status: number;
let requests: number;
let url: string;
let clock: number;
let keys: KeySet;

beforeEach(async () => {
  published = [old.jwk];
  status = 200;
  requests = 0;
  clock = 1_000_000;
  publisher = createServer((_, response) => {
    requests += 1;
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ keys: published }));
  }).listen(0, '127.0.0.1');
  await once(publisher, 'listening');
  const address = publisher.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/certs`;
  keys = keySet({ url, now: () => clock });
});

afterEach(() => {
  publisher.closeAllConnections();
  publisher.close();
});

const judge = (token: string): Promise<string> =>
  tokenVerifier({ issuer, audiences: ['midas'], keys })(token).then(
    () => 'accepted',
    ({ slug }: { slug: string }) => slug,
  );

describe('the keys of a realm', () => {
  it('are read once by many, and again after a minute', async () => {
    await Promise.all([keys.current(), keys.current(), keys.current()]);
    expect(requests).toBe(1);
    clock += 59_000;
    await keys.current();
    expect(requests).toBe(1);
    clock += 2_000;
    await keys.current();
    expect(requests).toBe(2);
  });

  it('keep their version while they are the same, and change it when they change', async () => {
    const { version } = await keys.current();
    clock += 61_000;
    expect((await keys.current()).version).toBe(version);
    published = [young.jwk, old.jwk];
    clock += 61_000;
    expect((await keys.current()).version).not.toBe(version);
  });

  it('include a new one at once', async () => {
    expect(await judge(await old.token())).toBe('accepted');
    published = [young.jwk, old.jwk];
    expect(await judge(await young.token())).toBe('accepted');
    expect(await judge(await old.token())).toBe('accepted');
    expect(requests).toBe(2);
  });

  it('lose one that was taken away within a minute, and what it signed with it', async () => {
    published = [old.jwk, young.jwk];
    const verify = tokenVerifier({ issuer, audiences: ['midas'], keys });
    const token = await old.token();
    await verify(token);
    published = [young.jwk];
    clock += 61_000;
    await expect(verify(token)).rejects.toMatchObject({ slug: 'token-refused' });
  });

  it('are not asked for by every made-up key id', async () => {
    await keys.current();
    for (let made = 0; made < 20; made++)
      expect(await judge(await old.token(`made-up-${made}`))).toBe('token-refused');
    expect(requests).toBe(2);
    clock += 11_000;
    published = [young.jwk, old.jwk];
    expect(await judge(await young.token())).toBe('accepted');
    expect(requests).toBe(3);
  });

  it('are never fetched from where a token says', async () => {
    const token = await young.token('new', { jku: url, x5u: url, jwk: young.jwk });
    expect(await judge(token)).toBe('token-refused');
    // The first reading, and the one more that an unknown key is worth.
    expect(requests).toBe(2);
  });

  it('serve for five minutes while they cannot be read, and no longer', async () => {
    await keys.current();
    status = 500;
    clock += 299_000;
    await expect(keys.current()).resolves.toBeDefined();
    clock += 2_000;
    await expect(keys.current()).rejects.toMatchObject({ kind: 'unavailable' });
    status = 200;
    clock += 2_000;
    await expect(keys.current()).resolves.toBeDefined();
  });

  it('that cannot be read are asked for once a second at most', async () => {
    status = 500;
    const tries = () => keys.current().catch(({ kind }: { kind: string }) => kind);
    expect(await tries()).toBe('unavailable');
    expect(await tries()).toBe('unavailable');
    expect(requests).toBe(1);
  });
});

interface Pair {
  readonly jwk: JWK;
  readonly token: (kid?: string, header?: object) => Promise<string>;
}

async function keyPair(kid: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' },
    token: (name = kid, header = {}) =>
      new SignJWT({ iss: issuer, sub: 'sub-1', aud: 'midas', typ: 'Bearer', jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'RS256', kid: name, ...header })
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey),
  };
}
