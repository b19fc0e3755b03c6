import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppDeps } from '../app.ts';
import { readEndpoints } from '../contract/endpoint.ts';
import { type FakeService, fakeService } from '../testing/fake-service.ts';
import { type TestGateway, testGateway } from '../testing/gateway.ts';
import { probeRegistry } from '../testing/probe.ts';
import { rawAnswer } from '../testing/raw.ts';
import { requestBounds } from './request.ts';

// A contract with RPCs that take files, whose senders may take long.
const endpoints = readEndpoints(probeRegistry()).filter(({ peer }) => peer === 'probe');
const authorization = 'Bearer a.b.c';
let service: FakeService;
let gateway: TestGateway;

const open = async (overrides: Partial<AppDeps> = {}) => {
  gateway = await testGateway(endpoints, { probe: service.address }, overrides);
};
beforeEach(async () => {
  service = await fakeService(endpoints, () => ({}));
});
afterEach(async () => {
  await gateway.stop();
  await service.stop();
});

const get = (url: string, headers: Record<string, string> = {}) =>
  gateway.app.inject({ url, headers: { authorization, ...headers } });
const post = (body: string) =>
  gateway.app.inject({
    method: 'POST',
    url: '/v1/probes',
    payload: body,
    headers: { authorization, 'content-type': 'application/json', 'idempotency-key': 'k1' },
  });

describe('a request beyond its bounds is refused before anything of it is understood', () => {
  beforeEach(() => open());
  afterEach(() => expect(service.calls).toEqual([]));

  it('by the length of its path and query, on every path', async () => {
    for (const path of ['/v1/probes/p1', '/v1/nothing', '/docs/', '/openapi.json']) {
      const response = await get(`${path}?a=${'x'.repeat(requestBounds.url)}`);
      expect(response.json()).toMatchObject({ status: 414, slug: 'url-too-long' });
      expect(response.statusCode).toBe(414);
    }
  });

  it('by the number of its parameters, repetitions counted', async () => {
    for (const query of [
      '&'.repeat(100),
      'a=1&'.repeat(100),
      Array.from({ length: 80 }, (_, at) => `a${at}`).join('&'),
    ]) {
      const response = await get(`/v1/probes?${query}`);
      expect([response.statusCode, response.json().slug]).toEqual([400, 'too-many-parameters']);
    }
  });

  it('by the number of its headers', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, '1']));
    const response = await get('/v1/probes/p1', many);
    expect([response.statusCode, response.json().slug]).toEqual([431, 'too-many-headers']);
  });

  it('by the depth and the number of values of its body', async () => {
    const deep = await post('['.repeat(33) + ']'.repeat(33));
    expect([deep.statusCode, deep.json().slug]).toEqual([400, 'json-too-deep']);
    const wide = await post(JSON.stringify(new Array(requestBounds.jsonValues + 2).fill(0)));
    expect([wide.statusCode, wide.json().slug]).toEqual([400, 'json-too-many']);
  });
});

describe('a slow sender', () => {
  const head = `Host: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\n`;
  const slug = (received: string) => JSON.parse(received.slice(received.indexOf('\r\n\r\n'))).slug;

  it('of a body is cut off, although a file may take longer', async () => {
    await open({ receiveTimeoutMs: 200, transferTimeoutMs: 60_000 });
    const received = await rawAnswer(
      await gateway.listen(),
      `POST /v1/probes HTTP/1.1\r\n${head}Content-Length: 50\r\n\r\n{`,
    );
    expect(received).toMatch(/^HTTP\/1\.1 408 /);
    expect(slug(received)).toBe('too-slow');
    expect(service.calls).toEqual([]);
  });

  it('of headers is cut off', async () => {
    await open({ receiveTimeoutMs: 200 });
    const received = await rawAnswer(
      await gateway.listen(),
      `GET /v1/probes HTTP/1.1\r\nHost: x\r\nX-Slow: `,
    );
    expect(received).toMatch(/^HTTP\/1\.1 408 /);
    expect(slug(received)).toBe('too-slow');
  });
});

describe('a request that two servers could read differently', () => {
  it.each([
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
    ['a length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an unknown transfer coding', 'Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n'],
    ['a header that goes on in the next line', 'X-A: 1\r\n 2\r\n\r\n'],
    ['a space before the colon', 'Content-Length : 3\r\n\r\nabc'],
  ])('%s: is refused and the connection closed', async (_name, rest) => {
    await open();
    const received = await rawAnswer(
      await gateway.listen(),
      `POST /v1/probes HTTP/1.1\r\nHost: x\r\n${rest}`,
    );
    expect(received).toMatch(/^HTTP\/1\.1 400 /);
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });
});

describe('connections', () => {
  const connected = async (origin: string) => {
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return socket;
  };

  it('of one address beyond its share are closed, and room is made by closing one', async () => {
    await open({ connections: { most: 100, mostPerAddress: 2 } });
    const origin = await gateway.listen();
    const held = [await connected(origin), await connected(origin)];
    const third = await connected(origin);
    await once(third, 'close');
    const [first] = held;
    first?.end('GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    first?.resume();
    if (first) await once(first, 'close');
    const received = await rawAnswer(
      origin,
      'GET /v1/probes HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    for (const socket of held) socket.destroy();
  });

  it('beyond what a replica holds are closed', async () => {
    await open({ connections: { most: 1, mostPerAddress: undefined } });
    const origin = await gateway.listen();
    const held = await connected(origin);
    const second = await connected(origin);
    await once(second, 'close');
    held.destroy();
  });
});
