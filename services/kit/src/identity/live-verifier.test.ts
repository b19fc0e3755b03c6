import { beforeEach, describe, expect, it, vi } from 'vitest';
import { testRealm } from '../rpc/fixture/tokens.ts';
import { type Claims, claimsOf } from './claims.ts';
import { type LiveOptions, liveVerifier, type Outcome } from './live-verifier.ts';
import { identityUnavailable } from './refusals.ts';

const claims =
  claimsOf({
    sub: 'sub-1',
    exp: 4e9,
    aud: ['midas', 'service-x'],
    typ: 'Bearer',
    preferred_username: 'worker',
    organisation: 'org-1',
    organisation_kind: 'provider',
    teams: ['north', 'south'],
    realm_access: { roles: ['a', 'b'] },
  }) ?? expect.fail('not read');

let clock: number;
let answer: () => Promise<Claims | undefined>;
let outcomes: Outcome[];
const introspect = vi.fn(async (_token: string) => answer());
const refused = { kind: 'unauthenticated', slug: 'token-refused' };
const unavailable = { kind: 'unavailable', slug: 'identity-unavailable' };

const away = () => Promise.reject(identityUnavailable(new Error('away')));
const live = (more: Partial<LiveOptions> = {}) =>
  liveVerifier({
    verify: async () => claims,
    introspect,
    recheckMs: 30_000,
    now: () => clock,
    asked: (outcome) => outcomes.push(outcome),
    ...more,
  });

beforeEach(() => {
  clock = 1_000_000;
  outcomes = [];
  answer = async () => claims;
  introspect.mockClear();
});

describe('a token', () => {
  it('is asked about before its first use, and then not for 30 s', async () => {
    const verify = live();
    expect(await verify('t')).toBe(claims);
    clock += 29_999;
    await verify('t');
    expect(introspect).toHaveBeenCalledTimes(1);
    expect(outcomes).toEqual(['active']);
  });

  it('that fails the verifier is never asked about', async () => {
    const verify = live({ verify: () => Promise.reject(new Error('forged')) });
    await expect(verify('t')).rejects.toThrow('forged');
    expect(introspect).not.toHaveBeenCalled();
  });

  it('in many calls at once is asked about once', async () => {
    const verify = live();
    await Promise.all(Array.from({ length: 20 }, () => verify('t')));
    await Promise.all([verify('u'), verify('u')]);
    expect(introspect.mock.calls).toEqual([['t'], ['u']]);
  });

  it('is asked about again beside the calls after 30 s, so that none of them waits', async () => {
    const verify = live();
    await verify('t');
    const { promise, resolve } = Promise.withResolvers<Claims | undefined>();
    answer = () => promise;
    clock += 30_000;
    await Promise.all([verify('t'), verify('t')]);
    expect(introspect).toHaveBeenCalledTimes(2);
    resolve(undefined);
    await vi.waitFor(() => expect(verify('t')).rejects.toMatchObject(refused));
  });

  it('whose yes is a minute old waits for the next', async () => {
    const verify = live();
    await verify('t');
    answer = async () => undefined;
    clock += 60_000;
    await expect(verify('t')).rejects.toMatchObject(refused);
  });

  it('counts a yes from when it was asked for, not from when it came', async () => {
    const verify = live();
    answer = async () => {
      clock += 4_000;
      return claims;
    };
    await verify('t');
    answer = async () => undefined;
    clock += 56_000;
    await expect(verify('t')).rejects.toMatchObject(refused);
  });

  it('that was refused is not asked about again for 30 s, and may be good then', async () => {
    const verify = live();
    answer = async () => undefined;
    await expect(verify('t')).rejects.toMatchObject(refused);
    await expect(verify('t')).rejects.toMatchObject(refused);
    expect(introspect).toHaveBeenCalledTimes(1);
    answer = async () => claims;
    clock += 30_000;
    await expect(verify('t')).resolves.toBe(claims);
  });

  it.each<[string, Partial<Claims>]>([
    ['a role', { realm_access: { roles: ['a'] } }],
    ['a team', { teams: ['north'] }],
    ['the organisation', { organisation: 'org-2' }],
    ['the kind of organisation', { organisation_kind: 'partner' }],
    ['the user name', { preferred_username: 'other' }],
    ['the subject', { sub: 'sub-2' }],
  ])('that says more than its realm says today is refused: %s changed', async (_, changed) => {
    answer = async () => ({ ...claims, ...changed });
    await expect(live()('t')).rejects.toMatchObject(refused);
    expect(outcomes).toEqual(['inactive']);
  });

  it('that says less than its realm says today is good, as far as it goes', async () => {
    answer = async () => ({ ...claims, realm_access: { roles: ['b', 'c', 'a'] } });
    await expect(live()('t')).resolves.toBe(claims);
  });
});

describe('while Keycloak is away', () => {
  it('the last yes holds for a minute and no longer', async () => {
    const verify = live();
    await verify('t');
    answer = away;
    clock += 59_000;
    await expect(verify('t')).resolves.toBe(claims);
    clock += 1_000;
    await expect(verify('t')).rejects.toMatchObject(unavailable);
    expect(outcomes).toContain('unavailable');
  });

  it('a token that was never asked about cannot be judged', async () => {
    answer = away;
    await expect(live()('t')).rejects.toMatchObject(unavailable);
  });

  it('a no stays a no until it may be asked about again', async () => {
    const verify = live();
    answer = async () => undefined;
    await expect(verify('t')).rejects.toMatchObject(refused);
    answer = away;
    await expect(verify('t')).rejects.toMatchObject(refused);
  });

  it('callers are told at once, and Keycloak is tried again after a second', async () => {
    const verify = live();
    answer = away;
    await expect(verify('t')).rejects.toMatchObject(unavailable);
    await expect(verify('u')).rejects.toMatchObject(unavailable);
    expect(introspect).toHaveBeenCalledTimes(1);
    answer = async () => claims;
    clock += 1_000;
    await expect(verify('u')).resolves.toBe(claims);
  });
});

it('a call with a known token costs far less than half a millisecond', async () => {
  const realm = await testRealm();
  const token = await realm.user('worker', ['a'], { teams: ['north'] });
  const signed = realm.verifier('midas');
  const verify = live({ verify: signed, introspect: signed, now: () => performance.now() });
  await verify(token);
  const times: number[] = [];
  for (let count = 0; count < 2_000; count++) {
    const began = performance.now();
    await verify(token);
    times.push(performance.now() - began);
  }
  expect(times.sort((one, other) => one - other)[1_000]).toBeLessThan(0.25);
});
