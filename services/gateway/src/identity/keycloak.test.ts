import { DomainError } from '@midas/kit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type TestIssuer, type TokenOptions, testIssuer } from '../testing/issuer.ts';
import { keycloakVerifier } from './keycloak.ts';
import { type Bearer, bearerToken, remembered, type TokenVerifier } from './verifier.ts';

let issuer: TestIssuer;
let verify: TokenVerifier;

beforeAll(async () => {
  issuer = await testIssuer();
  verify = keycloakVerifier({ issuer: issuer.issuer, internalUrl: issuer.issuer, audience: 'midas' });
});
afterAll(() => issuer.stop());

const slugOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof DomainError ? error.slug : String(error)),
  );

const seconds = Math.floor(Date.now() / 1000);

describe('the verifier', () => {
  it('accepts a token of the issuer for this audience', async () => {
    await expect(verify(issuer.token())).resolves.toMatchObject({ subject: 'user-1', client: 'midas-demo' });
    await expect(verify(issuer.token({ aud: 'midas' }))).resolves.toMatchObject({ subject: 'user-1' });
  });

  const refused: readonly (readonly [string, Readonly<Record<string, unknown>>, TokenOptions])[] = [
    ['expired', { exp: seconds - 1 }, {}],
    ['without expiry', { exp: undefined }, {}],
    ['with an expiry that is no number', { exp: '9999999999' }, {}],
    ['not valid yet', { nbf: seconds + 40 }, {}],
    ['issued in the future', { iat: seconds + 40 }, {}],
    ['without the time of its issue', { iat: undefined }, {}],
    ['bound to a key', { typ: 'DPoP' }, {}],
    ['of another issuer', { iss: 'https://elsewhere.example/realms/test' }, {}],
    ['for another audience', { aud: ['account'] }, {}],
    ['for no audience', { aud: undefined }, {}],
    ['for an audience that only resembles it', { aud: 'midas-web' }, {}],
    ['of another type', { typ: 'ID' }, {}],
    ['refresh', { typ: 'Refresh' }, {}],
    ['without a subject', { sub: undefined }, {}],
    ['signed by another key', {}, { forged: true }],
    ['signed by an unknown key', {}, { forged: true, kid: 'k2' }],
    ['unsigned', {}, { alg: 'none' }],
    ['signed symmetrically with the public key', {}, { alg: 'HS256' }],
    ['signed with another algorithm', {}, { alg: 'RS384' }],
  ];
  it.each(refused)('refuses one that is %s, with the same words', async (_name, claims, options) => {
    await expect(verify(issuer.token(claims, options))).rejects.toMatchObject({
      kind: 'unauthenticated',
      slug: 'token-refused',
      message: 'The access token is missing, expired or not valid here.',
    });
  });

  it.each(['iat', 'nbf'])('accepts one whose %s lies less than 30 s ahead', async (claim) => {
    await expect(verify(issuer.token({ [claim]: seconds + 20 }))).resolves.toMatchObject({
      subject: 'user-1',
    });
  });

  it('refuses a token whose claims were changed', async () => {
    const [header, , signature] = issuer.token().split('.');
    const claims = issuer.token({ sub: 'someone-else' }).split('.')[1];
    await expect(slugOf(verify(`${header}.${claims}.${signature}`))).resolves.toBe('token-refused');
  });

  it.each(['', 'x', 'a.b', 'a.b.c', '..', 'bnVsbA.bnVsbA.bnVsbA', `${'a'.repeat(8000)}.b.c`])(
    'refuses what is no token: %s',
    async (token) => {
      await expect(slugOf(verify(token))).resolves.toBe('token-refused');
    },
  );

  it('does not ask the issuer again for every made-up key, and stays quiet on the console', async () => {
    const complaint = vi.spyOn(console, 'error');
    await verify(issuer.token());
    const before = issuer.lookUps();
    const tokens = Array.from({ length: 50 }, (_, index) => issuer.token({}, { kid: `made-up-${index}` }));
    for (const token of tokens.slice(0, 10)) expect(await slugOf(verify(token))).toBe('token-refused');
    await Promise.all(tokens.map((token) => slugOf(verify(token))));
    expect(issuer.lookUps() - before).toBeLessThanOrEqual(1);
    await expect(verify(issuer.token())).resolves.toMatchObject({ subject: 'user-1' });
    expect(complaint).not.toHaveBeenCalled();
  });

  it('forgets a key that was taken away within a minute, and learns a new one at once', async () => {
    const rotating = await testIssuer();
    let clock = Date.now();
    const fresh = keycloakVerifier(
      { issuer: rotating.issuer, internalUrl: rotating.issuer, audience: 'midas' },
      () => clock,
    );
    const before = rotating.token();
    await expect(fresh(before)).resolves.toBeDefined();
    rotating.rotate();
    await expect(fresh(rotating.token({}, { kid: 'k2' }))).resolves.toBeDefined();
    await expect(slugOf(fresh(before))).resolves.toBe('token-refused');
    rotating.rotate();
    clock += 61_000;
    await expect(slugOf(fresh(rotating.token({}, { kid: 'k2' })))).resolves.toBe('token-refused');
    await rotating.stop();
  });

  it('trusts the keys that it has while they cannot be read anew', async () => {
    const gone = await testIssuer();
    let clock = Date.now();
    const cut = keycloakVerifier(
      { issuer: gone.issuer, internalUrl: gone.issuer, audience: 'midas' },
      () => clock,
    );
    const token = gone.token({ exp: Math.floor(clock / 1000) + 600 });
    await cut(token);
    await gone.stop();
    clock += 61_000;
    await expect(cut(token)).resolves.toBeDefined();
    clock += 300_000;
    await expect(slugOf(cut(token))).resolves.toBe('identity-unavailable');
  });

  it('asks nobody whom a token names', async () => {
    const before = issuer.lookUps();
    const elsewhere = { jku: issuer.issuer, x5u: issuer.issuer };
    await expect(slugOf(verify(issuer.token({}, { forged: true, header: elsewhere })))).resolves.toBe(
      'token-refused',
    );
    await expect(verify(issuer.token({}, { header: elsewhere }))).resolves.toBeDefined();
    expect(issuer.lookUps()).toBe(before);
  });

  it('shares one look-up of the keys among first requests', async () => {
    const fresh = keycloakVerifier({ issuer: issuer.issuer, internalUrl: issuer.issuer, audience: 'midas' });
    const before = issuer.lookUps();
    await Promise.all(Array.from({ length: 20 }, () => fresh(issuer.token())));
    expect(issuer.lookUps() - before).toBe(1);
  });

  it('says "unavailable", not "refused", while the keys cannot be read', async () => {
    const gone = await testIssuer();
    const cut = keycloakVerifier({ issuer: gone.issuer, internalUrl: gone.issuer, audience: 'midas' });
    const token = gone.token();
    await gone.stop();
    await expect(cut(token)).rejects.toMatchObject({ kind: 'unavailable', slug: 'identity-unavailable' });
  });

  it('reaches the issuer at its internal address', async () => {
    const apart = keycloakVerifier({
      issuer: 'https://id.example/realms/test',
      internalUrl: issuer.issuer,
      audience: 'midas',
    });
    await expect(apart(issuer.token({ iss: 'https://id.example/realms/test' }))).resolves.toMatchObject({
      subject: 'user-1',
    });
    await expect(slugOf(apart(issuer.token()))).resolves.toBe('token-refused');
  });
});

describe('remembering', () => {
  const bearer = (token: string, expires: number): Bearer => ({ token, subject: 's', client: 'c', expires });

  it('verifies a token once until it expires', async () => {
    let now = 1_000_000;
    const inner = vi.fn(async (token: string) => bearer(token, 1_300));
    const known = remembered(inner, 10, () => now);
    await Promise.all([known('t'), known('t'), known('t')]);
    await known('t');
    expect(inner).toHaveBeenCalledTimes(1);
    now = 1_300_000;
    await known('t');
    expect(inner).toHaveBeenCalledTimes(2);
  });

  it('forgets the oldest beyond its capacity, and refusals at once', async () => {
    const inner = vi.fn(async (token: string) =>
      token === 'bad' ? Promise.reject(new Error('no')) : bearer(token, 9e9),
    );
    const known = remembered(inner, 2, () => 0);
    for (const token of ['a', 'b', 'c', 'a']) await known(token);
    expect(inner).toHaveBeenCalledTimes(4);
    await expect(known('bad')).rejects.toThrow();
    await expect(known('bad')).rejects.toThrow();
    expect(inner).toHaveBeenCalledTimes(6);
  });
});

describe('the Authorization header', () => {
  it('holds a bearer token or nothing', () => {
    expect(bearerToken(undefined)).toBeUndefined();
    expect(bearerToken('Bearer a.b.c')).toBe('a.b.c');
    expect(bearerToken('bearer a.b.c')).toBe('a.b.c');
    for (const header of [
      '',
      'Bearer',
      'Bearer ',
      'Basic dTpw',
      'a.b.c',
      'Bearer a b',
      `Bearer ${'a'.repeat(9000)}`,
    ]) {
      expect(() => bearerToken(header)).toThrow(/access token/);
    }
  });
});
