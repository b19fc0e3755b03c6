import { fail, registry } from '@midas/kit';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Endpoint, readEndpoints } from './contract/endpoint.ts';
import { type FakeService, fakeService } from './testing/fake-service.ts';
import { type TestGateway, testGateway } from './testing/gateway.ts';
import { id } from './testing/requests.ts';

const endpoints = readEndpoints(registry);
const planted = 'Zebedee-Quux';
let service: FakeService;
let gateway: TestGateway;
let broken: () => never = () => fail('internal', 'internal', 'x');

beforeAll(async () => {
  service = await fakeService(endpoints, () => broken());
  const addresses = Object.fromEntries(endpoints.map(({ peer }) => [peer, service.address]));
  const rates = { perClient: 1e9, perAddress: 1e9, refusalsPerAddress: 1e9 };
  gateway = await testGateway(endpoints, addresses, { rates });
});
afterAll(async () => {
  await gateway.stop();
  await service.stop();
});

const inside =
  /node_modules|\.[cm]?[jt]s:\d|\bat [\w.<>]+ \(|file:\/\/|\/src\/|[a-z]error:|fastify|FST_|grpc|ECONN|protobuf|undefined|\[object|127\.0\.0\.1/i;
const said = ['type', 'title', 'status', 'detail', 'instance', 'slug', 'violations'];

/** That an answer is a problem document of the one table, and tells nothing of the inside nor what was sent. */
function expectProblem({ statusCode, headers, body }: LightMyRequestResponse): void {
  expect(statusCode).toBeGreaterThanOrEqual(400);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  const problem = JSON.parse(body);
  expect(Object.keys(problem).filter((key) => !said.includes(key))).toEqual([]);
  expect(problem).toMatchObject({ status: statusCode, type: `urn:midas:problem:${problem.slug}` });
  for (const violation of problem.violations ?? [])
    expect(Object.keys(violation).sort()).toEqual(['field', 'message', 'rule']);
  expect(inside.exec(body)?.[0]).toBeUndefined();
  expect(body).not.toContain(planted);
}

const urlOf = ({ path }: Endpoint, value: string) => path.template.replace(/\{[\w.]+\}/g, value);
const headers = {
  authorization: 'Bearer a.b.c',
  'content-type': 'application/json',
  'idempotency-key': 'k1',
  'if-match': '"v1"',
};

/** Inputs that no RPC accepts, or that end in the fault of the service behind. */
const attacks: Readonly<Record<string, (endpoint: Endpoint) => InjectOptions>> = {
  'no token': (endpoint) => ({ url: urlOf(endpoint, id), headers: { ...headers, authorization: '' } }),
  'an unknown parameter': (endpoint) => ({ url: `${urlOf(endpoint, id)}?colour=${planted}`, headers }),
  'a parameter of an object': (endpoint) => ({
    url: `${urlOf(endpoint, id)}?__proto__.x=${planted}&constructor=${planted}`,
    headers,
  }),
  'a broken escape': (endpoint) => ({ url: `${urlOf(endpoint, id)}?a=%c3%28&b=%zz&c=%00`, headers }),
  'a header that is not well-formed': (endpoint) => ({
    url: urlOf(endpoint, id),
    headers: { ...headers, 'x-purpose': planted, 'idempotency-key': `${planted} x`, 'if-match': planted },
  }),
  'a number far too large': (endpoint) => ({ url: `${urlOf(endpoint, id)}?page_size=1e999`, headers }),
};
const idAttacks = [
  planted,
  '%00',
  '..%2f..%2fetc',
  "'%20OR%201=1--",
  '%7B%7B7*7%7D%7D',
  'x'.repeat(90),
  '%F0%9F%92%A9',
];
const bodies = [
  '',
  '{',
  'null',
  '[]',
  '7',
  `"${planted}"`,
  `{"colour": "${planted}"}`,
  '{"__proto__": {"x": 1}}',
  '{"constructor": {"prototype": {"x": 1}}}',
  `{"a": ${'['.repeat(40)}${']'.repeat(40)}}`,
  '\u0000',
  `<?xml version="1.0"?><a>${planted}</a>`,
];
const hasVariables = ({ path }: Endpoint) => path.variables.length > 0;
const takesBody = ({ body, shape }: Endpoint) => body !== undefined && shape === 'unary';

describe('a refusal tells nothing of the inside, nor what was sent, asked at', () => {
  const routes = endpoints.map(
    (endpoint) => [`${endpoint.verb} ${endpoint.path.template}`, endpoint] as const,
  );
  it.each(routes)('%s', async (_name, endpoint) => {
    const requests: readonly InjectOptions[] = [
      ...Object.values(attacks).map((attack) => attack(endpoint)),
      ...(hasVariables(endpoint) ? idAttacks.map((value) => ({ url: urlOf(endpoint, value), headers })) : []),
      ...(takesBody(endpoint)
        ? bodies.map((payload) => ({ url: urlOf(endpoint, id), headers, payload }))
        : []),
    ];
    for (const request of requests)
      expectProblem(await gateway.app.inject({ ...request, method: endpoint.verb }));
  });
});

describe('a fault behind the gateway is told in the same few words on every route', () => {
  const faults: readonly (readonly [string, () => never])[] = [
    [
      'an error',
      () => {
        throw new Error(`${planted} at db.internal:5432`);
      },
    ],
    [
      'a thrown text',
      () => {
        throw planted;
      },
    ],
    [
      'nothing',
      () => {
        throw undefined;
      },
    ],
    [
      'an error with a status of its own',
      () => {
        throw Object.assign(new Error(planted), { code: 99, details: planted, statusCode: 418 });
      },
    ],
  ];
  const reads = endpoints.filter(({ verb, shape }) => verb === 'GET' && shape === 'unary');
  it.each(faults)('%s', async (_name, fault) => {
    broken = fault;
    const bodiesSeen = new Set<string>();
    for (const endpoint of reads) {
      const response = await gateway.app.inject({ url: urlOf(endpoint, id), headers });
      // Reads that need more than an id are refused before.
      if (response.statusCode === 400) continue;
      expectProblem(response);
      expect(response.statusCode).toBe(500);
      bodiesSeen.add(response.body.replaceAll(/[0-9a-f]{32}/g, 'trace'));
    }
    expect([...bodiesSeen]).toHaveLength(1);
  });
});
