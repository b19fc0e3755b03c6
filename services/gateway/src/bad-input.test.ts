import { registry } from '@midas/kit';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEndpoints } from './contract/endpoint.ts';
import { type FakeService, fakeService } from './testing/fake-service.ts';
import { type TestGateway, testGateway } from './testing/gateway.ts';
import { id, person, referral, requests } from './testing/requests.ts';

const endpoints = readEndpoints(registry);
let service: FakeService;
let gateway: TestGateway;

beforeAll(async () => {
  service = await fakeService(
    endpoints.filter(({ peer }) => peer === 'referral'),
    () => ({}),
  );
});
beforeEach(async () => {
  gateway = await testGateway(endpoints, { referral: service.address, case: '127.0.0.1:1' });
});
afterEach(() => gateway.stop());
afterAll(() => service.stop());

const { send, get, post } = requests(() => gateway);

describe('bad input is refused before any service is called', () => {
  const cases: readonly (readonly [
    string,
    () => Promise<LightMyRequestResponse>,
    number,
    string,
    string?,
  ])[] = [
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
