import { createSecretKey, KeyObject, sign } from 'node:crypto';
import { exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { issuer, type TestRealm, testRealm } from '../rpc/fixture/tokens.ts';
import { claimsOf, serviceOf, userOf } from './claims.ts';
import { keySet } from './key-set.ts';
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
  typ: 'Bearer',
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 300,
};
// As a token whose claims no library would write.
const signed = (payload: object): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256', kid: 'test' })}.${part(payload)}`;
  const key = KeyObject.from(realm.privateKey);
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
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

  it('is verified once and then remembered until its end, or until the keys change', async () => {
    let asked = 0;
    let version = 1;
    const keyOf = async () => {
      asked += 1;
      return realm.publicKey;
    };
    const current = async () => ({ version, keyOf });
    const verify = tokenVerifier({ issuer, audiences: ['midas'], keys: { current, again: current } });
    const token = await realm.user('worker', []);
    await verify(token);
    await verify(token);
    expect(asked).toBe(1);
    version = 2;
    await verify(token);
    expect(asked).toBe(2);
  });

  it('cannot be judged while the keys cannot be read, which is not the fault of the caller', async () => {
    const keys = keySet({ url: 'http://127.0.0.1:9/certs' });
    const verify = tokenVerifier({ issuer, audiences: ['midas'], keys });
    await expect(verify(await realm.user('worker', []))).rejects.toMatchObject({
      kind: 'unavailable',
      slug: 'identity-unavailable',
    });
  });

  it.each(['iat', 'nbf'])('whose %s lies ahead is accepted within 30 s and refused beyond', async (claim) => {
    let clock = Date.now();
    const verify = realm.verifier('midas', () => clock);
    const token = await realm.sign({ ...claims, [claim]: Math.floor(clock / 1000) });
    clock -= 40_000;
    await expect(verify(token)).rejects.toEqual(refused);
    clock += 12_000;
    await expect(verify(token)).resolves.toMatchObject({ sub: 'sub-1' });
  });

  it.each([
    ['without the time of its issue', { iat: undefined }],
    ['older than any token lives', { iat: Math.floor(Date.now() / 1000) - 400 }],
    ['whose end is no number', { exp: '9999999999' }],
    ['without an audience', { aud: undefined }],
    ['for an audience that only resembles ours', { aud: ['midas-web'] }],
    ['without a type', { typ: undefined }],
    ['of another type', { typ: 'ID' }],
    ['bound to a key', { typ: 'DPoP' }],
    ['without a subject', { sub: undefined }],
  ])('%s is refused', async (_, wrong) => {
    const token = signed({ ...claims, ...wrong });
    await expect(realm.verifier('midas')(token)).rejects.toEqual(refused);
    await expect(realm.verifier('midas')(signed(claims))).resolves.toMatchObject({ sub: 'sub-1' });
  });

  it('must name every audience that is asked for', async () => {
    const keys = { version: 1, keyOf: async () => realm.publicKey };
    const verify = tokenVerifier({
      issuer,
      audiences: ['midas', 'service-x'],
      keys: { current: async () => keys, again: async () => keys },
    });
    await expect(verify(signed(claims))).rejects.toEqual(refused);
    await expect(verify(signed({ ...claims, aud: ['service-x', 'midas'] }))).resolves.toBeDefined();
  });

  it('keeps why it was refused on this side', async () => {
    const error = await realm
      .verifier('midas')(signed({ ...claims, iss: 'https://elsewhere.test' }))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: 'The access token is missing, expired or not valid here.',
      cause: { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'iss' },
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
