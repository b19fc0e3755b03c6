import { waitFor } from '@midas/kit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { headerOf } from '../setup/forge.ts';
import { grpcCode, grpcRaw } from '../setup/grpc-raw.ts';
import { type Platform, testPlatform } from '../setup/platform.ts';
import { type OwnRealm, ownRealm, type RealmKey } from '../setup/realm.ts';
import { ask } from '../setup/rest.ts';
import { type Way, wayTo } from '../setup/way.ts';

/*
 * What becomes of a token whose realm no longer stands behind it. The interval is shortened, so that a yes holds for
 * eight seconds in place of sixty; the rest is as it runs.
 */

const recheckSeconds = 4;
const holdMs = 2 * recheckSeconds * 1000;
// What a busy machine may take on top.
const slackMs = 10_000;

let realm: OwnRealm;
let wayToKeycloak: Way;
let platform: Platform;
let credential: string;

beforeAll(async () => {
  realm = await ownRealm();
  wayToKeycloak = await wayTo(realm.internalUrl);
  platform = await testPlatform(
    {
      KEYCLOAK_ISSUER: realm.issuer,
      KEYCLOAK_INTERNAL_URL: wayToKeycloak.url,
      TOKEN_RECHECK_SECONDS: String(recheckSeconds),
    },
    ['referral', 'case', 'gateway'],
  );
  credential = await realm.clientToken('service-gateway', 'referral');
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await wayToKeycloak?.[Symbol.asyncDispose]();
  await realm?.[Symbol.asyncDispose]();
});

const atGateway = (token: string) =>
  ask(`${platform.gatewayUrl}/v1/referrals`, {
    method: 'GET',
    headers: { authorization: `Bearer ${token}` },
  });
const atService = (token: string, own = credential) =>
  grpcRaw(platform.processes.referral.address, '/midas.referral.v1.ReferralService/ListReferrals', [
    ['authorization', `Bearer ${own}`],
    ['x-user-authorization', `Bearer ${token}`],
  ]);
const judged = async (token: string) => [(await atGateway(token)).status, await atService(token)];
const accepted = [200, grpcCode.ok];
const refused = [401, grpcCode.unauthenticated];
const undecided = [503, grpcCode.unavailable];

/** Waits until a token in constant use fares so, and says how long that took. */
async function becomes(
  token: string,
  state: readonly number[],
  withinMs = holdMs + slackMs,
): Promise<number> {
  const began = performance.now();
  await waitFor(async () => JSON.stringify(await judged(token)) === JSON.stringify(state), {
    what: `the token to fare as ${state}`,
    timeoutMs: withinMs,
  });
  return performance.now() - began;
}

const tokenOf = async (userName: string): Promise<string> => (await realm.signIn(userName)).access_token;

describe('a token in constant use is refused in time when', () => {
  test.concurrent.each<[string, string, () => Promise<void>]>([
    ['its user is disabled', 'referrer@police', () => realm.enable('referrer@police', false)],
    ['its user is signed out', 'referrer@acute', () => realm.signOut('referrer@acute')],
    ['a role is taken away', 'referrer@housing', () => realm.takeRole('referrer@housing', 'referrer')],
    [
      'the organisation is taken away',
      'referrer@education',
      () => realm.takeOrganisation('referrer@education'),
    ],
  ])('%s', async (_, userName, act) => {
    const token = await tokenOf(userName);
    expect(await judged(token)).toEqual(accepted);
    await act();
    expect(await becomes(token, refused)).toBeLessThan(holdMs + slackMs);
    expect(await judged(token)).toEqual(refused);
  });

  test.concurrent("a partner's system is disabled", async () => {
    const token = await realm.clientToken('partner-police');
    expect(await judged(token)).toEqual(accepted);
    await realm.enableClient('partner-police', false);
    await becomes(token, refused);
  });

  test.concurrent('it is one of two of its user, and the other is of another session', async () => {
    const user = 'referrer@victim-support';
    const [first, second] = [await tokenOf(user), await tokenOf(user)];
    await realm.signOut(user);
    const third = await tokenOf(user);
    await Promise.all([becomes(first, refused), becomes(second, refused)]);
    expect(await judged(third)).toEqual(accepted);
  });
});

test('a user who lost a role signs in again and is what is left', async () => {
  await realm.takeRole('referrer@primary-care', 'referrer');
  expect(await judged(await tokenOf('referrer@primary-care'))).toEqual([403, grpcCode.forbidden]);
});

test('one question to Keycloak answers for all calls with a token, within the interval', async () => {
  const asked = async () => {
    const page = await (await fetch(`${platform.processes.referral.adminUrl}/metrics`)).text();
    return Number(/^midas_token_introspections_total\{[^}]*"active"\} (\d+)/m.exec(page)?.[1] ?? 0);
  };
  const token = await tokenOf('intake-worker@provider');
  const before = await asked();
  const began = performance.now();
  const codes = await Promise.all(Array.from({ length: 40 }, () => atService(token)));
  expect(new Set(codes)).toEqual(new Set([grpcCode.ok]));
  const intervals = Math.floor((performance.now() - began) / (recheckSeconds * 1000));
  expect((await asked()) - before).toBeLessThanOrEqual(1 + intervals);
});

test('while Keycloak is away the last yes holds for its time, and then nobody is told that a token is bad', async () => {
  const [used, unused] = [await tokenOf('intake-worker@provider'), await tokenOf('referrer@mental-health')];
  expect(await judged(used)).toEqual(accepted);
  await wayToKeycloak.stop();
  try {
    expect(await judged(used)).toEqual(accepted);
    expect(await judged(unused)).toEqual(undecided);
    await becomes(used, undecided);
    const answer = await atGateway(used);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(JSON.parse(answer.text)).toMatchObject({
      // The service's own judgement of the token may outlast that of case, which it asks for facts.
      slug: expect.stringMatching(/^(identity|access)-unavailable$/),
    });
  } finally {
    await wayToKeycloak.start();
  }
  await Promise.all([becomes(used, accepted), becomes(unused, accepted)]);
});

describe('when the signing key changes', () => {
  let before: string;
  let after: string;
  let first: RealmKey;

  test('tokens by the new key are accepted at once, and those by the old one until they end', async () => {
    first = await realm.firstKey();
    before = await tokenOf('intake-worker@provider');
    expect(await judged(before)).toEqual(accepted);
    const { kid } = await realm.rotate();
    after = await tokenOf('intake-worker@provider');
    expect([headerOf(before).kid, headerOf(after).kid]).toEqual([first.kid, kid]);
    expect(await judged(after)).toEqual(accepted);
    expect(await judged(before)).toEqual(accepted);
    const renewed = await realm.clientToken('service-gateway', 'referral');
    expect(headerOf(renewed).kid).toBe(kid);
    expect(await atService(after, renewed)).toBe(grpcCode.ok);
  });

  test('a key taken away takes its tokens with it, and no call with a new one fails', async () => {
    const statuses = new Set<number>();
    await first.remove();
    await waitFor(
      async () => {
        // Collected, since an error within the wait would only count as not yet.
        statuses.add((await atGateway(after)).status);
        return (await atGateway(before)).status === 401;
      },
      { what: 'the old token to be refused', timeoutMs: holdMs + slackMs },
    );
    expect(await judged(after)).toEqual(accepted);
    expect([...statuses]).toEqual([200]);
  });
});
