import { request as httpRequest } from 'node:http';
import { registry } from '@midas/kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEndpoints } from './contract/endpoint.ts';
import { type FakeAnswer, type FakeService, fakeService } from './testing/fake-service.ts';
import { type TestGateway, testGateway } from './testing/gateway.ts';
import { rawAnswer } from './testing/raw.ts';

const endpoints = readEndpoints(registry);
const id = '0190a5b0-0000-7000-8000-000000000001';
const headers = {
  authorization: 'Bearer a.b.c',
  'content-type': 'application/json',
  'idempotency-key': 'k1',
};
const referral = {
  kind: 'REFERRAL_KIND_GP',
  support: 'SUPPORT_KIND_IDVA',
  person: { family_name: 'Sample' },
};

let service: FakeService;
let gateway: TestGateway;
let origin: string;
let answer: () => FakeAnswer | Promise<FakeAnswer> = () => ({});

beforeEach(async () => {
  answer = () => ({});
  service = await fakeService(
    endpoints.filter(({ peer }) => peer === 'referral'),
    () => answer(),
  );
  gateway = await testGateway(endpoints, { referral: service.address });
  origin = await gateway.listen();
});
afterEach(async () => {
  await gateway.stop();
  await service.stop();
});

const submit = (signal?: AbortSignal) =>
  fetch(`${origin}/v1/referrals`, {
    method: 'POST',
    headers,
    body: JSON.stringify(referral),
    ...(signal ? { signal } : {}),
  });

const raw = (bytes: string) => rawAnswer(origin, bytes);

describe('a connection', () => {
  it('carries a POST to its answer, several times over', async () => {
    for (let index = 0; index < 3; index += 1) expect((await submit()).status).toBe(201);
    expect(service.cancelled).toEqual([]);
  });

  it('that the client closes ends the call of the service', async () => {
    answer = () => ({ hang: true });
    const gone = new AbortController();
    const response = submit(gone.signal).catch(() => 'gone');
    await vi.waitFor(() => expect(service.calls).toHaveLength(1));
    gone.abort();
    expect(await response).toBe('gone');
    await vi.waitFor(() => expect(service.cancelled).toHaveLength(1));
  });

  it.each(['Bearer d.e.f', 'Basic dTpw', ''])(
    'that brings a second Authorization header (%s) brings none that counts',
    async (second) => {
      const received = await raw(
        `GET /v1/referrals/${id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer a.b.c\r\nauthorization: ${second}\r\n\r\n`,
      );
      expect(received).toMatch(/^HTTP\/1\.1 401 /);
      expect(service.calls).toHaveLength(0);
    },
  );

  it('that speaks no HTTP gets a problem document and is closed', async () => {
    const received = await raw('HELLO\r\n\r\n');
    expect(received).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(received.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      status: 400,
      slug: 'bad-request',
    });
  });

  it('with headers too large gets 431', async () => {
    const received = await raw(
      `GET /v1/referrals HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    expect(received).toMatch(/^HTTP\/1\.1 431 /);
    expect(received).toContain('application/problem+json');
  });

  it('that announces a huge body is refused without reading it', async () => {
    const head = Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    const received = await raw(
      `POST /v1/referrals HTTP/1.1\r\nHost: x\r\n${head}Content-Length: 50000000\r\n\r\n{`,
    );
    expect(received).toMatch(/^HTTP\/1\.1 413 /);
    expect(received).toMatch(/connection: close/i);
  });
});

describe('a service', () => {
  it('that went down and came back is found again', async () => {
    const read = () => fetch(`${origin}/v1/referrals/${id}`, { headers });
    expect((await read()).status).toBe(200);
    const port = Number(service.address.split(':')[1]);
    await service.stop();
    expect((await read()).status).toBe(503);
    service = await fakeService(
      endpoints.filter(({ peer }) => peer === 'referral'),
      () => ({}),
      port,
    );
    await vi.waitFor(async () => expect((await read()).status).toBe(200), { timeout: 8_000, interval: 100 });
  }, 15_000);
});

describe('draining', () => {
  it('finishes what is in progress and takes no new connection', async () => {
    const free = Promise.withResolvers<FakeAnswer>();
    answer = () => free.promise;
    const running = submit();
    await vi.waitFor(() => expect(service.calls).toHaveLength(1));
    const closed = gateway.app.close();
    await expect(
      new Promise((_resolve, reject) => httpRequest(`${origin}/v1/referrals`).on('error', reject).end()),
    ).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
    free.resolve({ answer: { referral_id: id } });
    const response = await running;
    expect([response.status, response.headers.get('connection')]).toEqual([201, 'close']);
    await closed;
  });
});
