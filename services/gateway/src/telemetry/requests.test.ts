import '@midas/kit/telemetry/start';
import { registry } from '@midas/kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEndpoints } from '../contract/endpoint.ts';
import { type FakeService, fakeService } from '../testing/fake-service.ts';
import { type TestGateway, testGateway } from '../testing/gateway.ts';
import { referral, requests } from '../testing/requests.ts';

const endpoints = readEndpoints(registry);
let service: FakeService;
let gateway: TestGateway;
const { get, post } = requests(() => gateway);

beforeAll(async () => {
  service = await fakeService(
    endpoints.filter(({ peer }) => peer === 'referral'),
    () => ({}),
  );
  gateway = await testGateway(endpoints, { referral: service.address });
});
afterAll(async () => {
  await gateway.stop();
  await service.stop();
});

const traceparent = () => String(service.calls.at(-1)?.metadata.get('traceparent')[0]);

describe('the trace of a request', () => {
  it('goes on from the caller to the service, as a child', async () => {
    const caller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await post('/v1/referrals', referral, { traceparent: caller, baggage: 'a=b', tracestate: 'c=d' });
    expect(traceparent()).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-/);
    expect(traceparent()).not.toContain('b7ad6b7169203331');
    const { metadata } = service.calls.at(-1) ?? {};
    expect([metadata?.get('baggage'), metadata?.get('tracestate')]).toEqual([[], []]);
  });

  it('begins here without one, and is what a problem document and the log name', async () => {
    await get('/v1/referrals');
    const [, trace] = traceparent().split('-');
    expect(trace).toMatch(/^[0-9a-f]{32}$/);
    expect(gateway.answered.at(-1)?.traceId).toBe(trace);
    const refused = await get('/v1/referrals?page_size=x');
    expect(refused.json().instance).toBe(`urn:midas:trace:${gateway.answered.at(-1)?.traceId}`);
    expect(refused.json().instance).not.toContain(trace);
  });

  it('is not taken from a header that is none', async () => {
    await get('/v1/referrals', { traceparent: '00-jane-roe-01' });
    expect(traceparent()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-/);
  });
});
