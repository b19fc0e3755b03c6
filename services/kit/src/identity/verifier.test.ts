import { createSecretKey } from 'node:crypto';
import { exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { issuer, type TestRealm, testRealm } from '../rpc/fixture/tokens.ts';
import { claimsOf, serviceOf, userOf } from './claims.ts';
import { tokenVerifier } from './verifier.ts';

let realm: TestRealm;
beforeAll(async () => {
  realm = await testRealm();
});

const claims = {
  iss: issuer,
  sub: 'sub-1',
  aud: 'midas',
  azp: 'web',
  exp: Math.floor(Date.now() / 1000) + 300,
};
const refused = expect.objectContaining({ kind: 'unauthenticated' });

describe('a token', () => {
  it('of the realm is read', async () => {
    const token = await realm.user('worker', ['a', 'b'], { teams: ['north'] });
    expect(await realm.verifier('midas')(token)).toMatchObject({
      preferred_username: 'worker',
      teams: ['north'],
      realm_access: { roles: ['a', 'b'] },
    });
  });

  it('that nobody signed is refused', async () => {
    await expect(realm.verifier('midas')(new UnsecuredJWT(claims).encode())).rejects.toEqual(refused);
  });

  it('signed by another key, under the name of ours, is refused', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'test' })
      .sign(privateKey);
    await expect(realm.verifier('midas')(token)).rejects.toEqual(refused);
  });

  it('signed with our public key as a shared secret is refused', async () => {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true });
    const shared = createSecretKey(Buffer.from(await exportSPKI(publicKey)));
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'test' }).sign(shared);
    await expect(realm.verifier('midas')(token)).rejects.toEqual(refused);
  });

  it('signed by our key with another algorithm is refused', async () => {
    const pair = await generateKeyPair('PS256');
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'PS256', kid: 'test' })
      .sign(pair.privateKey);
    await expect(realm.verifier('midas')(token)).rejects.toEqual(refused);
  });

  it('without an end is refused', async () => {
    const { exp: _, ...endless } = claims;
    const token = await new SignJWT(endless)
      .setProtectedHeader({ alg: 'RS256', kid: 'test' })
      .sign(realm.privateKey);
    await expect(realm.verifier('midas')(token)).rejects.toEqual(refused);
  });

  it('holds for 30 s after its end and no longer, remembered or not', async () => {
    let clock = Date.now();
    const verify = realm.verifier('midas', () => clock);
    const token = await realm.user('worker', []);
    const end = (await verify(token)).exp * 1000;
    clock = end + 29_000;
    await expect(verify(token)).resolves.toMatchObject({ sub: 'sub-worker' });
    clock = end + 31_000;
    await expect(verify(token)).rejects.toMatchObject({ slug: 'token-expired' });
  });

  it('is verified once and then remembered until its end', async () => {
    let asked = 0;
    const token = await realm.user('worker', []);
    const verify = tokenVerifier({
      issuer,
      audience: 'midas',
      jwksUrl: `${issuer}/certs`,
      keys: async () => {
        asked += 1;
        const { publicKey } = realm;
        return publicKey;
      },
    });
    await verify(token);
    await verify(token);
    expect(asked).toBe(1);
  });

  it('cannot be judged while the keys cannot be read, which is not the fault of the caller', async () => {
    const verify = tokenVerifier({ issuer, audience: 'midas', jwksUrl: 'http://127.0.0.1:9/certs' });
    await expect(verify(await realm.user('worker', []))).rejects.toMatchObject({
      kind: 'unavailable',
      slug: 'identity-unavailable',
    });
  });

  it('of absurd length is refused unread', async () => {
    await expect(realm.verifier('midas')('a'.repeat(20_000))).rejects.toEqual(refused);
  });
});

describe('claims', () => {
  const read = (more: object) => claimsOf({ ...claims, ...more }) ?? expect.fail('not read');

  it('of a wrong shape are not read', () => {
    expect(claimsOf({ ...claims, teams: 'north' })).toBeUndefined();
    expect(claimsOf({ ...claims, realm_access: { roles: 'all' } })).toBeUndefined();
  });

  it('of a service name it only for its one callee and with its role', () => {
    const own = { azp: 'service-x', aud: 'y', realm_access: { roles: ['service:x'] } };
    expect(serviceOf(read(own), 'y')).toBe('x');
    expect(serviceOf(read(own), 'z')).toBeUndefined();
    expect(serviceOf(read({ ...own, aud: ['y', 'midas'] }), 'y')).toBeUndefined();
    expect(serviceOf(read({ ...own, realm_access: { roles: ['service:z'] } }), 'y')).toBeUndefined();
  });

  it('of a service are never those of a user', () => {
    expect(userOf(read({ azp: 'service-x' }), 't', 'gateway')).toBeUndefined();
    expect(userOf(read({ realm_access: { roles: ['service:x'] } }), 't', 'gateway')).toBeUndefined();
    expect(userOf(read({}), 't', 'gateway')).toMatchObject({ kind: 'user', via: 'gateway', token: 't' });
  });
});
