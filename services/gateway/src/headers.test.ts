import { fail, registry } from '@midas/kit';
import type { InjectOptions } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readEndpoints } from './contract/endpoint.ts';
import { securityHeaders } from './limits/security.ts';
import { type FakeAnswer, type FakeService, fakeService } from './testing/fake-service.ts';
import { type TestGateway, testGateway } from './testing/gateway.ts';
import { rawAnswer } from './testing/raw.ts';
import { id, referral, requests } from './testing/requests.ts';

const endpoints = readEndpoints(registry);
const page = 'https://console.example';
let service: FakeService;
let gateway: TestGateway;
let origin: string;
let answer: () => FakeAnswer = () => ({});
const { send, get, post } = requests(() => gateway);

beforeAll(async () => {
  service = await fakeService(
    endpoints.filter(({ peer }) => peer === 'referral'),
    () => answer(),
  );
  gateway = await testGateway(
    endpoints,
    { referral: service.address, case: '127.0.0.1:1' },
    { origins: [page] },
  );
  origin = await gateway.listen();
});
afterEach(() => {
  answer = () => ({});
});
afterAll(async () => {
  await gateway.stop();
  await service.stop();
});

const { 'content-security-policy': policy, 'cache-control': noStore, ...always } = securityHeaders;
const tells = ['server', 'x-powered-by', 'via', 'x-aspnet-version'];
const withToken = { authorization: 'Bearer a.b.c' };

describe('every answer of the API carries the security headers', () => {
  const throws = (work: () => never) => () => {
    answer = work;
    return get(`/v1/referrals/${id}`);
  };
  it.each([
    ['200', 200, () => get(`/v1/referrals/${id}`)],
    ['201', 201, () => post('/v1/referrals', referral)],
    [
      '304',
      304,
      () => {
        answer = () => ({ etag: '"v1"' });
        return get(`/v1/referrals/${id}`, { 'if-none-match': '*' });
      },
    ],
    ['400 of a body', 400, () => post('/v1/referrals', '{')],
    ['400 of a path', 400, () => get('/v1/referrals/%zz')],
    ['401', 401, () => gateway.app.inject(`/v1/referrals/${id}`)],
    ['403 of a service', 403, throws(() => fail('forbidden', 'no', 'No.'))],
    ['404 of a service', 404, throws(() => fail('not-found', 'no', 'No.'))],
    ['404 of an unknown path', 404, () => get('/nothing/at/all')],
    ['404 of the root', 404, () => get('/')],
    ['405', 405, () => send({ method: 'DELETE', url: '/v1/referrals' })],
    [
      '404 of a method nobody has',
      404,
      () => send({ method: 'TRACE' as InjectOptions['method'], url: '/x' } as InjectOptions),
    ],
    ['413', 413, () => post('/v1/referrals', `"${'x'.repeat(1024 * 1024)}"`)],
    ['414', 414, () => get(`/v1/referrals?${'x'.repeat(5_000)}`)],
    ['415', 415, () => post('/v1/referrals', '', { 'content-type': 'text/html' })],
    [
      '500',
      500,
      throws(() => {
        throw new Error('secret');
      }),
    ],
    ['503', 503, () => get(`/v1/cases/${id}`)],
    [
      'a preflight',
      204,
      () =>
        send({
          method: 'OPTIONS',
          url: '/v1/referrals',
          headers: { origin: page, 'access-control-request-method': 'POST' },
        }),
    ],
    ['a document', 200, () => get('/openapi.json')],
  ] as const)('%s', async (_name, status, ask) => {
    const { statusCode, headers } = await ask();
    expect(statusCode).toBe(status);
    expect(headers).toMatchObject({ ...always, 'content-security-policy': policy, 'cache-control': noStore });
    for (const name of tells) expect(headers).not.toHaveProperty(name);
  });

  it.each([
    '/docs',
    '/docs/',
    '/docs/static/index.html',
    '/docs/static/swagger-ui.css',
    '/docs/static/nothing',
  ])('%s, with a policy of its own at most', async (url) => {
    const { headers } = await gateway.app.inject(url);
    expect(headers).toMatchObject(always);
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    for (const name of tells) expect(headers).not.toHaveProperty(name);
  });

  it('what is no HTTP at all', async () => {
    const received = (await rawAnswer(origin, 'HELLO\r\n\r\n')).toLowerCase();
    for (const [name, value] of Object.entries(securityHeaders))
      expect(received).toContain(`\r\n${name}: ${value.toLowerCase()}\r\n`);
    for (const name of tells) expect(received).not.toContain(`\r\n${name}:`);
  });
});

describe('pages of other origins', () => {
  const preflight = (from: string) =>
    send({
      method: 'OPTIONS',
      url: `/v1/referrals/${id}`,
      headers: {
        origin: from,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });

  it('may call when their origin is listed, without cookies', async () => {
    const { headers } = await preflight(page);
    expect(headers['access-control-allow-origin']).toBe(page);
    expect(String(headers['access-control-allow-headers'])).toContain('authorization');
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    const read = await get(`/v1/referrals/${id}`, { origin: page, ...withToken });
    expect(read.headers).toMatchObject({
      'access-control-allow-origin': page,
      vary: expect.stringMatching(/origin/i),
    });
    expect(String(read.headers['access-control-expose-headers'])).toContain('etag');
  });

  it.each([
    'https://console.example.evil.example',
    'http://console.example',
    'https://sub.console.example',
    'null',
  ])('may not when it is another: %s', async (from) => {
    for (const { headers } of [await preflight(from), await get(`/v1/referrals/${id}`, { origin: from })])
      expect(headers).not.toHaveProperty('access-control-allow-origin');
  });
});
