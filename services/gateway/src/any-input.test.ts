import { registry } from '@midas/kit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEndpoints } from './contract/endpoint.ts';
import { type FakeService, fakeService } from './testing/fake-service.ts';
import { type TestGateway, testGateway } from './testing/gateway.ts';
import { id, referral, requests } from './testing/requests.ts';

const endpoints = readEndpoints(registry);
let service: FakeService;
let gateway: TestGateway;
const { get, post } = requests(() => gateway);

beforeAll(async () => {
  service = await fakeService(endpoints, () => ({}));
  const addresses = Object.fromEntries(endpoints.map(({ peer }) => [peer, service.address]));
  const rates = { perClient: 1e9, perAddress: 1e9, refusalsPerAddress: 1e9 };
  gateway = await testGateway(endpoints, addresses, { rates });
});
afterAll(async () => {
  await gateway.stop();
  await service.stop();
});

/** Whatever came in, the answer is a success or a refusal of the input: never a fault of ours. */
function expectNoFault({ statusCode, headers }: { statusCode: number; headers: object }): void {
  expect(statusCode).toBeLessThan(500);
  if (statusCode >= 400) expect(Object(headers)['content-type']).toMatch(/^application\/problem\+json/);
  expect(gateway.unknown).toEqual([]);
}

const posts = endpoints.filter(({ verb }) => verb === 'POST');
const urlOf = (template: string) => template.replace(/\{\w+\}/g, id);

// A good referral in which one thing, anywhere, has become something else.
type Path = readonly (string | number)[];
const paths = (value: unknown, at: Path = []): readonly Path[] =>
  typeof value === 'object' && value !== null
    ? [at, ...Object.entries(value).flatMap(([key, inner]) => paths(inner, [...at, key]))]
    : [at];
function replaced(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  return { ...Object(value), [step]: replaced(Object(value)[step], rest, by) };
}

describe('no input is a fault of the gateway', () => {
  it('any JSON, to any POST', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...posts), fc.jsonValue(), async ({ path }, body) => {
        expectNoFault(await post(urlOf(path.template), JSON.stringify(body)));
      }),
      { numRuns: 300 },
    );
  });

  it('any text as the body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (body) => {
        expectNoFault(await post('/v1/referrals', body));
      }),
    );
  });

  it('a good body with one thing changed is refused at that place, or fits', async () => {
    const change = fc.tuple(fc.constantFrom(...paths(referral)), fc.jsonValue({ maxDepth: 2 }));
    await fc.assert(
      fc.asyncProperty(change, async ([path, value]) => {
        const response = await post('/v1/referrals', JSON.stringify(replaced(referral, path, value)));
        expectNoFault(response);
        if (response.statusCode === 201) return;
        expect(response.statusCode).toBe(400);
        // A changed object may lack or add fields below its place.
        for (const { field } of response.json().violations)
          expect(field.startsWith(path.join('.'))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('any query and any id', async () => {
    const query = fc.webQueryParameters();
    const segment = fc.webSegment();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...endpoints), query, segment, async ({ path }, search, value) => {
        expectNoFault(await get(`${path.template.replace(/\{\w+\}/g, value)}?${search}`));
      }),
      { numRuns: 300 },
    );
  });

  it('any value of a header', async () => {
    const value = fc.stringMatching(/^[\x20-\x7e]{0,40}$/);
    const header = fc.constantFrom(
      'if-match',
      'x-purpose',
      'idempotency-key',
      'x-request-id',
      'traceparent',
      'tracestate',
      'if-none-match',
      'authorization',
      'accept',
      'content-type',
      'baggage',
    );
    await fc.assert(
      fc.asyncProperty(header, value, async (name, text) => {
        expectNoFault(await post('/v1/referrals', referral, { [name]: text }));
      }),
      { numRuns: 300 },
    );
  });
});
