import { fail, registry } from '@midas/kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEndpoints } from './contract/endpoint.ts';
import { loadGate } from './limits/load.ts';
import { type FakeAnswer, type FakeCall, type FakeService, fakeService } from './testing/fake-service.ts';
import { type TestGateway, testGateway } from './testing/gateway.ts';
import { id, referral, requests } from './testing/requests.ts';

const endpoints = readEndpoints(registry);
let service: FakeService;
let gateway: TestGateway;
let answer: (call: FakeCall) => FakeAnswer | Promise<FakeAnswer> = () => ({});

beforeAll(async () => {
  service = await fakeService(
    endpoints.filter(({ peer }) => peer === 'referral'),
    (call) => answer(call),
  );
});
beforeEach(async () => {
  answer = () => ({});
  gateway = await testGateway(endpoints, { referral: service.address, case: '127.0.0.1:1' });
});
afterEach(() => gateway.stop());
afterAll(() => service.stop());

const { get, post } = requests(() => gateway);

describe('the refusals of a service', () => {
  it('arrive as problem documents with its slug and its fields', async () => {
    answer = () =>
      fail('conflict', 'idempotency-key-reused', 'The key was used for another request.', [
        { field: 'a', rule: 'b', message: 'c' },
      ]);
    const response = await post('/v1/referrals', referral);
    expect(response.statusCode).toBe(409);
    expect(response.json()).toMatchObject({
      slug: 'idempotency-key-reused',
      violations: [{ field: 'a', rule: 'b', message: 'c' }],
    });
  });

  it.each([
    ['not-found', 404],
    ['forbidden', 403],
    ['stale', 412],
    ['precondition-required', 428],
    ['too-many', 429],
  ] as const)('%s is %i', async (kind, status) => {
    answer = () => fail(kind, `a-${kind}`, 'So it is.');
    const response = await get(`/v1/referrals/${id}`);
    expect([response.statusCode, response.json().slug]).toEqual([status, `a-${kind}`]);
  });

  it('become generic when they are none of ours', async () => {
    answer = () => {
      throw new Error('password=hunter2 at db.internal:5432');
    };
    const response = await get(`/v1/referrals/${id}`);
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toMatch(/hunter2|db\.internal/);
  });

  it('a service that is down is 503 with Retry-After', async () => {
    const response = await get(`/v1/cases/${id}`);
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('2');
    expect(response.json()).toMatchObject({ slug: 'unavailable' });
    expect(response.body).not.toContain('127.0.0.1');
  });

  it('a service without an address is a fault of ours', async () => {
    const response = await get('/v1/reports/commissioners');
    expect(response.statusCode).toBe(500);
    expect(gateway.unknown).toHaveLength(1);
  });

  it('a service that does not answer in time is 504, and its call is ended', async () => {
    const hasty = await testGateway(endpoints, { referral: service.address }, { timeoutMs: 100 });
    answer = () => ({ hang: true });
    const response = await hasty.app.inject({
      url: `/v1/referrals/${id}`,
      headers: { authorization: 'Bearer a.b.c' },
    });
    expect([response.statusCode, response.json().slug]).toEqual([504, 'timeout']);
    await hasty.stop();
  });

  it('when too many calls are in progress the next is refused, not queued', async () => {
    const narrow = await testGateway(
      endpoints,
      { referral: service.address },
      { gate: loadGate(1), timeoutMs: 500 },
    );
    answer = () => ({ hang: true });
    const ask = () =>
      narrow.app.inject({ url: `/v1/referrals/${id}`, headers: { authorization: 'Bearer a.b.c' } });
    const [first, second] = await Promise.all([ask(), ask()]);
    expect([first.statusCode, second.statusCode].sort()).toEqual([503, 504]);
    expect([first, second].find(({ statusCode }) => statusCode === 503)?.json()).toMatchObject({
      slug: 'overloaded',
    });
    await narrow.stop();
  });
});
