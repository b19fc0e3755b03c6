import { fail, registry } from '@midas/kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEndpoints } from './contract/endpoint.ts';
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

const { send, get, post } = requests(() => gateway);

describe('a call of an RPC', () => {
  it('goes to its service as bytes, with both tokens and the headers that are passed on', async () => {
    answer = () => ({ answer: { referral_id: id, status: 'REFERRAL_STATUS_SUBMITTED' }, etag: '"v1"' });
    const response = await post('/v1/referrals', referral, {
      'x-purpose': 'direct-care',
    });
    expect(response.statusCode).toBe(201);
    expect(response.json()).toMatchObject({
      referral_id: id,
      status: 'REFERRAL_STATUS_SUBMITTED',
      consent_given: false,
    });
    expect(response.headers).toMatchObject({
      etag: '"v1"',
      location: `/v1/referrals/${id}`,
    });
    const call = service.calls.at(-1);
    expect(call?.request).toEqual(referral);
    expect(call?.metadata.getMap()).toMatchObject({
      authorization: 'Bearer service-token-for-referral',
      'x-user-authorization': 'Bearer a.b.c',
      'idempotency-key': 'key-1',
      'x-purpose': 'direct-care',
    });
  });

  it('takes a custom verb and If-Match', async () => {
    const response = await post(`/v1/referrals/${id}:accept`, {}, { 'if-match': '"v1"' });
    expect(response.statusCode).toBe(200);
    expect(service.calls.at(-1)).toMatchObject({
      rpc: expect.stringMatching(/AcceptReferral$/),
      request: { referral_id: id },
    });
    expect(service.calls.at(-1)?.metadata.get('if-match')).toEqual(['"v1"']);
  });

  it('reads query parameters', async () => {
    const response = await get('/v1/referrals?page_size=5&status=REFERRAL_STATUS_ACCEPTED');
    expect(response.json()).toEqual({ referrals: [] });
    expect(service.calls.at(-1)?.request).toEqual({ page_size: 5, status: 'REFERRAL_STATUS_ACCEPTED' });
  });

  it('answers 304 to the caller that has the record already', async () => {
    answer = () => ({ answer: { referral_id: id }, etag: '"v2"' });
    for (const [tag, status] of [
      ['"v2"', 304],
      ['W/"v2"', 304],
      ['"v1", "v2"', 304],
      ['*', 304],
      ['"v1"', 200],
    ] as const) {
      const response = await get(`/v1/referrals/${id}`, { 'if-none-match': tag });
      expect([tag, response.statusCode, response.headers.etag]).toEqual([tag, status, '"v2"']);
      if (status === 304) expect(response.body).toBe('');
    }
  });

  it('answers HEAD as GET without a body', async () => {
    answer = () => ({ answer: { referral_id: id }, etag: '"v2"' });
    const response = await send({ method: 'HEAD', url: `/v1/referrals/${id}` });
    expect([response.statusCode, response.headers.etag, response.body]).toEqual([200, '"v2"', '']);
  });
});

describe('every answer', () => {
  it('carries security headers and no cross-origin permission', async () => {
    const response = await get('/v1/referrals', { origin: 'https://elsewhere.example' });
    expect(response.headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(response.headers['access-control-allow-origin']).toBeUndefined();
    expect(response.headers['x-powered-by']).toBeUndefined();
  });

  it('is noted by its route, never by its URL', async () => {
    await get(`/v1/referrals/${id}?colour=secret`);
    await get('/v1/nothing/secret');
    expect(gateway.answered).toMatchObject([
      { method: 'GET', route: '/v1/referrals/{referral_id}', status: 400 },
      { method: 'GET', route: 'none', status: 404 },
    ]);
    expect(JSON.stringify(gateway.answered)).not.toContain('secret');
  });

  it('that was refused here is noted with why and whose it was; one that a service gave is not', async () => {
    await get('/v1/referrals?page_size=x');
    expect(gateway.answered.at(-1)?.refused).toMatchObject({
      slug: 'invalid-request',
      client: expect.any(String),
      subject: expect.any(String),
    });
    await get('/v1/nothing');
    expect(gateway.answered.at(-1)?.refused).toEqual({ slug: 'no-such-path' });
    answer = () => fail('not-found', 'not-found', 'There is no such record.');
    await get(`/v1/referrals/${id}`);
    expect(gateway.answered.at(-1)).toMatchObject({ status: 404 });
    expect(gateway.answered.at(-1)?.refused).toBeUndefined();
  });

  it('has a request id of the gateway’s own, in the header, the log and the call alike', async () => {
    const response = await get('/v1/referrals', { 'x-request-id': 'jane-roe' });
    const own = response.headers['x-request-id'];
    expect(own).toMatch(/^[0-9a-f-]{36}$/);
    expect(gateway.answered.at(-1)?.requestId).toBe(own);
    const call = service.calls.at(-1);
    expect(call?.metadata.get('x-request-id')).toEqual([own]);
    expect(JSON.stringify(call?.metadata.getMap())).not.toContain('jane-roe');
  });
});
