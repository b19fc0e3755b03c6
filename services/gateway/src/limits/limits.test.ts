import { afterEach, describe, expect, it } from 'vitest';
import { readEndpoints } from '../contract/endpoint.ts';
import { refuse, remembered } from '../identity/verifier.ts';
import { type FakeService, fakeService } from '../testing/fake-service.ts';
import { type TestGateway, testGateway } from '../testing/gateway.ts';
import { probeRegistry } from '../testing/probe.ts';

const endpoints = readEndpoints(probeRegistry()).filter(({ peer }) => peer === 'probe');
let service: FakeService;
let gateway: TestGateway;

async function start(rates: { perClient?: number; perAddress?: number; refusalsPerAddress?: number }) {
  service = await fakeService(endpoints, () => ({}));
  let verified = 0;
  const verify = async (token: string) => {
    verified += 1;
    return token.startsWith('good') ? { token, subject: token, client: 'client', expires: 4e9 } : refuse();
  };
  gateway = await testGateway(
    endpoints,
    { probe: service.address },
    {
      rates: { perClient: 100, perAddress: 100, refusalsPerAddress: 100, ...rates },
      verify: remembered(verify, 10, Date.now),
    },
  );
  return { verified: () => verified };
}
afterEach(async () => {
  await gateway.stop();
  await service.stop();
});

const get = (token?: string, url = '/v1/probes/p1') =>
  gateway.app.inject({ url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
const statuses = async (times: number, ask: () => ReturnType<typeof get>) => {
  const got: number[] = [];
  for (let index = 0; index < times; index += 1) got.push((await ask()).statusCode);
  return got;
};

describe('the rate limit', () => {
  it('counts each client for itself, and says what is left', async () => {
    await start({ perClient: 2 });
    const first = await get('good-1');
    expect(first.headers).toMatchObject({ 'ratelimit-limit': '2', 'ratelimit-remaining': '1' });
    expect(Number(first.headers['ratelimit-reset'])).toBeGreaterThan(0);
    expect(await statuses(3, () => get('good-1'))).toEqual([200, 429, 429]);
    expect(await statuses(2, () => get('good-2'))).toEqual([200, 200]);
    const over = await get('good-1');
    expect(over.json()).toMatchObject({ status: 429, slug: 'rate-limit' });
    expect(over.headers['retry-after']).toBe(over.headers['ratelimit-reset']);
    expect(service.calls).toHaveLength(4);
  });

  it('counts callers without a token by address', async () => {
    await start({ perAddress: 2 });
    expect(await statuses(3, () => get(undefined, '/v1/probes'))).toEqual([200, 200, 429]);
    expect(await statuses(1, () => get('good-1'))).toEqual([200]);
  });

  it('stops looking at the tokens of an address that sends bad ones', async () => {
    const { verified } = await start({ refusalsPerAddress: 3 });
    expect(await statuses(1, () => get('good-known'))).toEqual([200]);
    expect(await statuses(5, () => get('bad'))).toEqual([401, 401, 401, 429, 429]);
    expect(verified()).toBe(4);
    // Its neighbours behind the same address, whose tokens are known, are let through.
    expect(await statuses(2, () => get('good-known'))).toEqual([200, 200]);
  });

  it('is not eaten up by pages of the gateway itself', async () => {
    await start({ perAddress: 1 });
    expect(await statuses(3, () => get(undefined, '/openapi.json'))).toEqual([200, 200, 200]);
  });
});

describe('a public read', () => {
  it('needs no token and may be read by pages of other origins', async () => {
    await start({});
    const response = await gateway.app.inject({
      url: '/v1/probes?count=1',
      headers: { origin: 'https://elsewhere.example' },
    });
    expect(response.statusCode).toBe(200);
    expect(response.headers['access-control-allow-origin']).toBe('*');
    expect(service.calls[0]?.metadata.get('x-user-authorization')).toEqual([]);
  });

  it('with a token passes it on, and refuses a bad one', async () => {
    await start({});
    expect((await get('good-1', '/v1/probes')).statusCode).toBe(200);
    expect(service.calls[0]?.metadata.get('x-user-authorization')).toEqual(['Bearer good-1']);
    expect((await get('bad', '/v1/probes')).statusCode).toBe(401);
  });
});

describe('without a valid token', () => {
  it('the answer is 401 with the scheme and nothing of the reason', async () => {
    await start({});
    const basic = { url: '/v1/probes/p1', headers: { authorization: 'Basic dTpw' } };
    const challenges: unknown[] = [];
    for (const response of [await get(), await get('bad'), await gateway.app.inject(basic)]) {
      expect(response.statusCode).toBe(401);
      expect(response.json().detail).toBe('The access token is missing, expired or not valid here.');
      challenges.push(response.headers['www-authenticate']);
    }
    const refused = 'Bearer realm="midas", error="invalid_token"';
    expect(challenges).toEqual(['Bearer realm="midas"', refused, refused]);
    expect(service.calls).toHaveLength(0);
  });

  it('a body is not even read', async () => {
    await start({});
    const response = await gateway.app.inject({
      method: 'POST',
      url: '/v1/probes',
      payload: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.statusCode).toBe(401);
  });

  it('no page of another origin may ask', async () => {
    await start({});
    const preflight = await gateway.app.inject({
      method: 'OPTIONS',
      url: '/v1/probes/p1',
      headers: {
        origin: 'https://elsewhere.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
    expect(preflight.statusCode).toBeGreaterThanOrEqual(400);
  });
});
