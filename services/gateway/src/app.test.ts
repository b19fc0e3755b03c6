import { fail, registry } from '@midas/kit';
import type { InjectOptions } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEndpoints } from './contract/endpoint.ts';
import { loadGate } from './limits/load.ts';
import { type FakeAnswer, type FakeCall, type FakeService, fakeService } from './testing/fake-service.ts';
import { type TestGateway, testGateway } from './testing/gateway.ts';

const endpoints = readEndpoints(registry);
const id = '0190a5b0-0000-7000-8000-000000000001';
const person = { family_name: 'Sample', nhs_number: '9434765919', birth_date: '1985-02-28' };
const referral = { kind: 'REFERRAL_KIND_POLICE', support: 'SUPPORT_KIND_IDVA', person, consent_given: true };

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

const send = (options: InjectOptions) =>
  gateway.app.inject({ ...options, headers: { authorization: 'Bearer a.b.c', ...options.headers } });
const post = (url: string, payload: unknown, headers: Record<string, string> = {}) =>
  send({
    method: 'POST',
    url,
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    headers: { 'content-type': 'application/json', 'idempotency-key': 'key-1', ...headers },
  });
const get = (url: string, headers: Record<string, string> = {}) => send({ method: 'GET', url, headers });

describe('a call of an RPC', () => {
  it('goes to its service as bytes, with both tokens and the headers that are passed on', async () => {
    answer = () => ({ answer: { referral_id: id, status: 'REFERRAL_STATUS_SUBMITTED' }, etag: '"v1"' });
    const response = await post('/v1/referrals', referral, {
      'x-purpose': 'direct-care',
      'x-request-id': 'req-1',
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
      'x-request-id': 'req-1',
    });
    const call = service.calls.at(-1);
    expect(call?.request).toEqual(referral);
    expect(call?.metadata.getMap()).toMatchObject({
      authorization: 'Bearer service-token-for-referral',
      'x-user-authorization': 'Bearer a.b.c',
      'idempotency-key': 'key-1',
      'x-purpose': 'direct-care',
      'x-request-id': 'req-1',
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

describe('bad input is refused before any service is called', () => {
  const cases: readonly (readonly [string, () => ReturnType<typeof send>, number, string, string?])[] = [
    ['malformed JSON', () => post('/v1/referrals', '{"kind":'), 400, 'malformed-json'],
    [
      'a key twice',
      () => post('/v1/referrals', '{"kind":"REFERRAL_KIND_GP","kind":"REFERRAL_KIND_GP"}'),
      400,
      'malformed-json',
    ],
    ['deep nesting', () => post('/v1/referrals', '['.repeat(40) + ']'.repeat(40)), 400, 'json-too-deep'],
    ['no body', () => post('/v1/referrals', ''), 400, 'invalid-request', 'kind'],
    ['a list as the body', () => post('/v1/referrals', []), 400, 'invalid-request', ''],
    [
      'an unknown field',
      () => post('/v1/referrals', { ...referral, colour: 'red' }),
      400,
      'invalid-request',
      'colour',
    ],
    [
      'camel case',
      () => post('/v1/referrals', { ...referral, consentGiven: true }),
      400,
      'invalid-request',
      'consentGiven',
    ],
    [
      'text for a truth value',
      () => post('/v1/referrals', { ...referral, consent_given: 'true' }),
      400,
      'invalid-request',
      'consent_given',
    ],
    [
      'a number for text',
      () => post('/v1/referrals', { ...referral, person: { ...person, nhs_number: 9434765919 } }),
      400,
      'invalid-request',
      'person.nhs_number',
    ],
    ['text for a number', () => get('/v1/referrals?page_size=%2212%22'), 400, 'invalid-request', 'page_size'],
    [
      'a missing field',
      () => post('/v1/referrals', { ...referral, person: undefined }),
      400,
      'invalid-request',
      'person',
    ],
    [
      'a missing nested field',
      () => post('/v1/referrals', { ...referral, person: { given_name: 'A' } }),
      400,
      'invalid-request',
      'person.family_name',
    ],
    [
      'a missing code',
      () => post('/v1/referrals', { ...referral, kind: undefined }),
      400,
      'invalid-request',
      'kind',
    ],
    [
      'an unknown code',
      () => post('/v1/referrals', { ...referral, kind: 'REFERRAL_KIND_MAGIC' }),
      400,
      'invalid-request',
      'kind',
    ],
    [
      'a code by number',
      () => post('/v1/referrals', { ...referral, kind: 2 }),
      400,
      'invalid-request',
      'kind',
    ],
    [
      'the unspecified code',
      () => post('/v1/referrals', { ...referral, kind: 'REFERRAL_KIND_UNSPECIFIED' }),
      400,
      'invalid-request',
      'kind',
    ],
    [
      'over-long text',
      () => post('/v1/referrals', { ...referral, reason: 'x'.repeat(8001) }),
      400,
      'invalid-request',
      'reason',
    ],
    [
      'an invalid NHS number',
      () => post('/v1/referrals', { ...referral, person: { ...person, nhs_number: '9434765918' } }),
      400,
      'invalid-request',
      'person.nhs_number',
    ],
    [
      'an invalid postcode',
      () => post('/v1/referrals', { ...referral, person: { ...person, address: { postcode: 'me44uh' } } }),
      400,
      'invalid-request',
      'person.address.postcode',
    ],
    [
      'a date in the future',
      () => post('/v1/referrals', { ...referral, referred_at: '2999-01-01T00:00:00Z' }),
      400,
      'invalid-request',
      'referred_at',
    ],
    [
      'a birth date in the future',
      () => post('/v1/referrals', { ...referral, person: { ...person, birth_date: '2999-01-01' } }),
      400,
      'invalid-request',
      'person.birth_date',
    ],
    [
      'a date that does not exist',
      () => post('/v1/referrals', { ...referral, referred_at: '2017-02-29T00:00:00Z' }),
      400,
      'invalid-request',
      'referred_at',
    ],
    ['an id that is none', () => get('/v1/referrals/1'), 400, 'invalid-request', 'referral_id'],
    [
      'another id in the body',
      () => post(`/v1/referrals/${id}:accept`, { referral_id: id.replace('1', '2') }),
      400,
      'invalid-request',
      'referral_id',
    ],
    ['an unknown parameter', () => get('/v1/referrals?colour=red'), 400, 'invalid-request', 'colour'],
    [
      'a parameter twice',
      () => get('/v1/referrals?page_size=1&page_size=2'),
      400,
      'invalid-request',
      'page_size',
    ],
    ['a page too large', () => get('/v1/referrals?page_size=201'), 400, 'invalid-request', 'page_size'],
    ['a broken escape', () => get('/v1/referrals/%zz'), 400, 'bad-url'],
    [
      'a huge body',
      () => post('/v1/referrals', { ...referral, reason: 'x'.repeat(1024 * 1024) }),
      413,
      'body-too-large',
    ],
    [
      'another media type',
      () => post('/v1/referrals', 'kind=1', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'media-type',
    ],
    ['plain text', () => post('/v1/referrals', '{}', { 'content-type': 'text/plain' }), 415, 'media-type'],
    [
      'an ill-formed key',
      () => post('/v1/referrals', referral, { 'idempotency-key': 'a b' }),
      400,
      'bad-header',
      'idempotency-key',
    ],
    [
      'an over-long key',
      () => post('/v1/referrals', referral, { 'idempotency-key': 'k'.repeat(256) }),
      400,
      'bad-header',
      'idempotency-key',
    ],
    [
      'an ill-formed version',
      () => post(`/v1/referrals/${id}:accept`, {}, { 'if-match': 'v1' }),
      400,
      'bad-header',
      'if-match',
    ],
    [
      'an ill-formed purpose',
      () => get('/v1/referrals', { 'x-purpose': 'Jane Roe' }),
      400,
      'bad-header',
      'x-purpose',
    ],
    ['an unknown path', () => get('/v1/nothing'), 404, 'no-such-path'],
    ['an unknown verb of a record', () => post(`/v1/referrals/${id}:eat`, {}), 404, 'no-such-path'],
    [
      'a method that the path does not have',
      () => send({ method: 'DELETE', url: `/v1/referrals/${id}` }),
      405,
      'method-not-allowed',
    ],
    [
      'an internal RPC by its gRPC path',
      () => post('/midas.referral.v1.ReferralService/GetAcceptedReferral', {}),
      404,
      'no-such-path',
    ],
  ];
  for (const [name, request, status, slug, field] of cases)
    it(name, async () => {
      const before = service.calls.length;
      const response = await request();
      expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(response.json()).toMatchObject({
        type: `urn:midas:problem:${slug}`,
        title: expect.any(String),
        status,
        detail: expect.any(String),
        instance: expect.stringMatching(/^urn:midas:trace:[0-9a-f]{32}$/),
        slug,
      });
      expect(response.statusCode).toBe(status);
      if (field !== undefined)
        expect(response.json().violations[0]).toMatchObject({ field, rule: expect.any(String) });
      expect(service.calls.length).toBe(before);
      expect(gateway.unknown).toEqual([]);
    });

  it('a POST without Idempotency-Key, naming the header', async () => {
    const response = await send({ method: 'POST', url: '/v1/referrals', payload: referral });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      slug: 'idempotency-key-required',
      violations: [{ field: 'Idempotency-Key' }],
    });
  });

  it('says which methods a path has', async () => {
    const response = await send({ method: 'DELETE', url: '/v1/referrals' });
    expect(response.headers.allow).toBe('GET, HEAD, POST');
  });

  it('repeats nothing of what was sent', async () => {
    const name = 'Zebedee Quux';
    const particulars = {
      given_name: name.repeat(20),
      family_name: 'Q',
      nhs_number: '1234567890',
      phone: name,
    };
    const response = await post('/v1/referrals', { ...referral, person: particulars, reason: 7 });
    const again = await post('/v1/referrals', { ...referral, person: particulars });
    for (const { body } of [response, again]) expect(body).not.toMatch(/Zebedee|1234567890/);
    expect(
      again
        .json()
        .violations.map(({ field }: { field: string }) => field)
        .sort(),
    ).toEqual(['person.given_name', 'person.nhs_number', 'person.phone']);
  });
});

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

  it('does not repeat a request id that is no plain name', async () => {
    const response = await get('/v1/referrals', { 'x-request-id': 'Jane Roe <x>' });
    expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});
