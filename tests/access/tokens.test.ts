import { generateKeyPairSync } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimsIn, headerOf, signedBy, signedWithPublicKey, unsigned } from '../setup/forge.ts';
import { grpcCode, grpcFrames, grpcRaw } from '../setup/grpc-raw.ts';
import { type Platform, testPlatform } from '../setup/platform.ts';
import { type OwnRealm, ownRealm, type RealmKey, type SignedIn } from '../setup/realm.ts';
import { ask } from '../setup/rest.ts';

/*
 * Tokens that are not what they seem, at the gateway and straight at a service's port. The realm trusts a key that the
 * test holds, so that each of them is wrong in one thing alone.
 */

let realm: OwnRealm;
let platform: Platform;
let key: RealmKey;
let good: SignedIn;
let credential: string;
let elsewhere: ReturnType<typeof keysElsewhere>;
const sent = new Set<string>();

beforeAll(async () => {
  realm = await ownRealm();
  key = await realm.trustKey();
  elsewhere = keysElsewhere();
  platform = await testPlatform({ KEYCLOAK_ISSUER: realm.issuer, KEYCLOAK_INTERNAL_URL: realm.internalUrl }, [
    'referral',
    'case',
    'gateway',
  ]);
  good = await realm.signIn('referrer@police');
  credential = await realm.clientToken('service-gateway', 'referral');
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await elsewhere?.stop();
  await realm?.[Symbol.asyncDispose]();
});

const atGateway = async (authorization: string): Promise<number> => {
  sent.add(authorization);
  return (await ask(`${platform.gatewayUrl}/v1/referrals`, { method: 'GET', headers: { authorization } }))
    .status;
};
const path = '/midas.referral.v1.ReferralService/ListReferrals';
const atService = (...headers: readonly (readonly [string, string])[]): Promise<number> => {
  for (const [, value] of headers) sent.add(value);
  return grpcRaw(platform.processes.referral.address, path, headers);
};
const asUser = (token: string) =>
  atService(['authorization', `Bearer ${credential}`], ['x-user-authorization', `Bearer ${token}`]);

/** How a token fares as a user's, at the gateway and straight at the service. */
const judged = async (token: string) => [await atGateway(`Bearer ${token}`), await asUser(token)];
const accepted = [200, grpcCode.ok];
const refused = [401, grpcCode.unauthenticated];

const now = () => Math.floor(Date.now() / 1000);
const claims = () => claimsIn(good.access_token);

/** A server that offers a key of the attacker's, and counts who asks for it. */
function keysElsewhere() {
  let asked = 0;
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'elsewhere', use: 'sig', alg: 'RS256' };
  const server = createServer((_, response) => {
    asked += 1;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  }).listen(0, '127.0.0.1');
  return {
    jwk,
    asked: () => asked,
    url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    key: { kid: 'elsewhere', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe('a token of a user', () => {
  test('that Keycloak gave is accepted, and so is one that is right in everything', async () => {
    expect(await judged(good.access_token)).toEqual(accepted);
    expect(await judged(signedBy(key, claims()))).toEqual(accepted);
  });

  // Of `nbf` only beside the verifiers: Keycloak, when asked, judges it by the very clock that it was written by.
  test('issued less than 30 s from now is accepted', async () => {
    expect(await judged(signedBy(key, { ...claims(), iat: now() + 20 }))).toEqual(accepted);
  });

  test.each<[string, () => Readonly<Record<string, unknown>>]>([
    ['of another issuer', () => ({ iss: 'https://elsewhere.example/realms/midas' })],
    ['of another realm of the same Keycloak', () => ({ iss: realm.issuer.replace(/[^/]+$/, 'midas') })],
    ['of no issuer', () => ({ iss: undefined })],
    ['for another audience', () => ({ aud: ['account'] })],
    ['for the services that ask about it, but not for the platform', () => ({ aud: ['service-referral'] })],
    ['for no audience', () => ({ aud: undefined })],
    ['expired', () => ({ iat: now() - 200, exp: now() - 31 })],
    ['without an end', () => ({ exp: undefined })],
    ['whose end is a text', () => ({ exp: String(now() + 300) })],
    ['issued more than 30 s from now', () => ({ iat: now() + 60 })],
    ['without the time of its issue', () => ({ iat: undefined })],
    ['valid more than 30 s from now', () => ({ nbf: now() + 60 })],
    ['of the type of an ID token', () => ({ typ: 'ID' })],
    ['of the type of a refresh token', () => ({ typ: 'Refresh' })],
    ['bound to a key', () => ({ typ: 'DPoP', cnf: { jkt: 'x' } })],
    ['of no one', () => ({ sub: undefined })],
  ])('%s is refused', async (_, wrong) => {
    expect(await judged(signedBy(key, { ...claims(), ...wrong() }))).toEqual(refused);
  });

  test.each<[string, () => Readonly<Record<string, unknown>>]>([
    ['role', () => ({ realm_access: { roles: ['referrer', 'service-manager'] } })],
    ['organisation', () => ({ organisation: 'provider', organisation_kind: 'provider' })],
    ['team', () => ({ teams: ['idva'] })],
    ['name', () => ({ preferred_username: 'service-manager@provider' })],
    ['subject', () => ({ sub: '00000000-0000-4000-8000-000000000000' })],
  ])('whose %s Keycloak would not confirm is refused, though its signature is good', async (_, more) => {
    const [, service] = await judged(signedBy(key, { ...claims(), ...more() }));
    expect(service).toBe(grpcCode.unauthenticated);
    expect(await atGateway(`Bearer ${signedBy(key, { ...claims(), ...more() })}`)).toBe(401);
  });

  test('of a session that does not exist is refused', async () => {
    expect(await judged(signedBy(key, { ...claims(), sid: 'made-up', jti: 'made-up' }))).toEqual(refused);
  });

  test('signed with the public key as a shared secret is refused, however it is spelt', async () => {
    for (const realmKey of [key, await realm.firstKey()])
      for (const token of signedWithPublicKey(realmKey, claims()))
        expect(await judged(token)).toEqual(refused);
  });

  test('that asks not to be checked is refused', async () => {
    for (const token of unsigned(claims(), key.kid)) expect(await judged(token)).toEqual(refused);
  });

  test('of the realm master is refused', async () => {
    expect(await judged(await realm.foreignToken())).toEqual(refused);
  });

  test('given for something else is refused: an ID token, a refresh token', async () => {
    expect(await judged(good.id_token)).toEqual(refused);
    expect(await judged(good.refresh_token)).toEqual(refused);
  });

  test('of a process is refused', async () => {
    for (const token of [
      credential,
      await realm.clientToken('service-gateway'),
      await realm.clientToken('service-case', 'referral'),
    ])
      expect(await judged(token)).toEqual(refused);
    const posing = { ...claims(), azp: 'service-gateway', realm_access: { roles: ['service:gateway'] } };
    expect((await judged(signedBy(key, posing)))[1]).toBe(grpcCode.unauthenticated);
  });

  test('by a key that the realm does not have is refused, and nobody is asked where it says', async () => {
    const { jwk, key: stolen, url } = elsewhere;
    for (const header of [
      {},
      { jku: url() },
      { x5u: url() },
      { jwk },
      { kid: key.kid },
      { kid: key.kid, jku: url(), jwk },
      { kid: url() },
      { kid: '../../../../dev/null' },
      { kid: undefined, jwk },
    ])
      expect(await judged(signedBy(stolen, claims(), header))).toEqual(refused);
    expect(await judged(signedBy(key, claims(), { jku: url(), x5u: url() }))).toEqual(accepted);
    expect(elsewhere.asked()).toBe(0);
  });

  test('with a header that must be understood and is not is refused', async () => {
    for (const header of [
      { crit: ['exp'] },
      { crit: ['b64'], b64: false },
      { alg: 'rs256' },
      { alg: 'RS512' },
    ])
      expect(await judged(signedBy(key, claims(), header))).toEqual(refused);
  });

  test('whose parts were exchanged, cut or lengthened is refused', async () => {
    const [header, payload, signature] = good.access_token.split('.') as [string, string, string];
    const others = (await realm.signIn('intake-worker@provider')).access_token.split('.');
    for (const token of [
      `${header}.${others[1]}.${signature}`,
      `${header}.${payload}.${others[2]}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.x`,
      `${header}.${payload}.${signature.slice(0, -4)}`,
      `${good.access_token}, ${good.access_token}`,
      'a'.repeat(9_000),
      `${good.access_token}${'a'.repeat(9_000)}`,
      'not.a.token',
    ])
      expect(await judged(token), token.slice(-20)).toEqual(refused);
  });
});

describe('the Authorization header', () => {
  test('of another scheme is refused', async () => {
    const token = good.access_token;
    for (const authorization of [
      `DPoP ${token}`,
      `Basic ${Buffer.from(`a:${token}`).toString('base64')}`,
      `Token ${token}`,
      `JWT ${token}`,
      token,
      `Bearer Bearer ${token}`,
      `Bearer "${token}"`,
      'Bearer',
    ]) {
      expect(await atGateway(authorization), authorization.slice(0, 20)).toBe(401);
      const user = [
        ['authorization', `Bearer ${credential}`] as const,
        ['x-user-authorization', authorization] as const,
      ];
      expect(await atService(...user)).toBe(grpcCode.unauthenticated);
    }
  });

  test('twice is refused where the caller speaks to the gateway', async () => {
    const { port } = new URL(platform.gatewayUrl);
    const status = await new Promise((resolve, reject) => {
      const headers = [
        'Host',
        'x',
        'Authorization',
        `Bearer ${good.access_token}`,
        'Authorization',
        'Bearer x.y.z',
      ];
      request({ host: '127.0.0.1', port, path: '/v1/referrals', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(401);
  });
});

describe('straight at the port of a service', () => {
  const user = (token: string) => ['x-user-authorization', `Bearer ${token}`] as const;
  const own = (token: string) => ['authorization', `Bearer ${token}`] as const;
  const callingAs = (service: string, more: object = {}) =>
    signedBy(key, {
      ...claimsIn(credential),
      azp: `service-${service}`,
      realm_access: { roles: [`service:${service}`] },
      ...more,
    });

  test("a user's token is no credential, with or without another beside it", async () => {
    const { access_token: token } = good;
    expect(await atService(own(token))).toBe(grpcCode.unauthenticated);
    expect(await atService(own(token), user(token))).toBe(grpcCode.unauthenticated);
    expect(await atService(user(token))).toBe(grpcCode.unauthenticated);
    expect(await atService()).toBe(grpcCode.unauthenticated);
  });

  test('a credential for another callee, for none, for more than this one, or of no process is refused', async () => {
    for (const token of [
      await realm.clientToken('service-gateway', 'risk'),
      await realm.clientToken('service-gateway'),
      await realm.clientToken('partner-police'),
      callingAs('gateway', { aud: ['referral', 'risk'] }),
      callingAs('gateway', { aud: ['midas', 'service-referral'] }),
      callingAs('gateway', { azp: 'midas-demo' }),
      callingAs('gateway', { realm_access: { roles: ['service:risk'] } }),
      callingAs('gateway', { realm_access: { roles: ['referrer'] } }),
      callingAs('gateway', { exp: now() - 31, iat: now() - 200 }),
      callingAs('gateway', { typ: 'ID' }),
      ...unsigned(claimsIn(credential), key.kid),
      ...signedWithPublicKey(key, claimsIn(credential)),
      signedBy(elsewhere.key, claimsIn(credential), { jwk: elsewhere.jwk }),
    ])
      expect(await atService(own(token), user(good.access_token))).toBe(grpcCode.unauthenticated);
    expect(await atService(own(callingAs('gateway')), user(good.access_token))).toBe(grpcCode.ok);
  });

  test('a process without a user is permitted nothing that a user is', async () => {
    expect(await atService(own(credential))).toBe(grpcCode.forbidden);
  });

  test('of two credentials the first counts, and of two users none', async () => {
    const { address } = platform.processes.referral;
    const call = (...headers: readonly (readonly [string, string])[]) => grpcFrames(address, path, headers);
    const { access_token: token } = good;
    expect(await call(own(credential), user(token))).toBe(true);
    expect(await call(own('x.y.z'), own(credential), user(token))).toBe(false);
    expect(await call(own(token), own(credential), user(token))).toBe(false);
    expect(await call(own(credential), user(token), user(token))).toBe(false);
    expect(await call(own(credential), user('x.y.z'), user(token))).toBe(false);
  });
});

test('every refusal is in the security log, none with a token or a part of one', async () => {
  const { gateway, referral } = platform.processes;
  expect(gateway.log()).toContain('"msg":"refused"');
  expect(referral.log()).toContain('"msg":"refused a call of an unknown caller"');
  const parts = [...sent].flatMap((text) => text.split(/[ .,]/)).filter((part) => part.length > 12);
  expect(parts.length).toBeGreaterThan(100);
  for (const { log } of [gateway, referral]) {
    expect(log()).not.toContain('eyJ');
    for (const part of parts) expect(log().includes(part.slice(0, 60)), part.slice(0, 20)).toBe(false);
  }
  for (const { adminUrl } of [gateway, referral])
    expect(await (await fetch(`${adminUrl}/metrics`)).text()).toMatch(
      /midas_unknown_caller_refused_total\{[^}]*reason="token-refused"[^}]*\} [1-9]/,
    );
  expect(headerOf(good.access_token)).toMatchObject({ alg: 'RS256' });
});
