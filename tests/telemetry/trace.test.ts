import { type OtlpReceiver, otlpReceiver, type ReceivedSpan, waitFor } from '@midas/kit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dashAnswers, syntheticPerson } from '../setup/people.ts';
import { type Platform, type ProcessName, services, testPlatform } from '../setup/platform.ts';
import { personalTexts, saidIn } from '../setup/privacy.ts';
import { ok, rest } from '../setup/rest.ts';
import { settled } from '../setup/rows.ts';

let platform: Platform;
let receiver: OtlpReceiver;
beforeAll(async () => {
  receiver = await otlpReceiver();
  platform = await testPlatform({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
  await live();
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const as = (userName: string) => rest(platform.gatewayUrl, userName);
const victim = syntheticPerson();
const perpetrator = syntheticPerson({ gender: 'GENDER_MALE' });
const reason = `Words about her ${crypto.randomUUID()}`;
const personal = personalTexts(victim, perpetrator, reason);
let referralId: string;

/** An incident, and a referral that is accepted: what the spans and metrics of this file are of. */
async function live(): Promise<void> {
  ok(
    await as('referrer@victim-support').post('/v1/incidents', {
      source_system: 'trace',
      source_reference: crypto.randomUUID(),
      occurred_at: '2017-06-01T21:30:00Z',
      kind: 'INCIDENT_KIND_CRIME',
      victim,
      perpetrators: [perpetrator],
      risk_answers: dashAnswers(15),
      description: reason,
    }),
  );
  const referral = ok(
    await as('referrer@police').post('/v1/referrals', {
      kind: 'REFERRAL_KIND_POLICE',
      support: 'SUPPORT_KIND_IDVA',
      referred_at: '2017-06-05T10:00:00Z',
      person: victim,
      alleged_perpetrators: [perpetrator],
      consent_given: true,
      reason,
    }),
  );
  referralId = referral.referral_id;
  const intake = as('intake-worker@provider');
  const seen = await intake.get(`/v1/referrals/${referralId}`);
  ok(
    await intake.post(
      `/v1/referrals/${referralId}:accept`,
      {},
      { 'if-match': seen.headers.get('etag') ?? '' },
    ),
  );
  await settled(platform);
}

const accept = 'midas.referral.v1.ReferralService/AcceptReferral';
const fetchAccepted = 'midas.referral.v1.ReferralService/GetAcceptedReferral';

/** Service, kind and name of each span, the root first. */
type Step = readonly [service: ProcessName, kind: ReceivedSpan['kind'], name: string];
const way: readonly Step[] = [
  ['gateway', 'server', 'POST /v1/referrals/{referral_id}:accept'],
  ['gateway', 'client', accept],
  ['referral', 'server', accept],
  ['referral', 'producer', 'publish midas.referral.referral.accepted.v1'],
  ['case', 'consumer', 'process midas.referral.referral.accepted.v1'],
  ['case', 'producer', 'publish midas.case.case.opened.v1'],
  ['outcomes', 'consumer', 'process midas.case.case.opened.v1'],
];
const aside: readonly Step[] = [
  ...way.slice(0, 5),
  ['case', 'client', fetchAccepted],
  ['referral', 'server', fetchAccepted],
];

/** The spans of a way, each the child of the one before it; undefined while one is missing. */
function follow(spans: readonly ReceivedSpan[], steps: readonly Step[]): ReceivedSpan[] | undefined {
  const found: ReceivedSpan[] = [];
  for (const [service, kind, name] of steps) {
    const parent = found.at(-1);
    const next = spans.find(
      (span) =>
        span.service === service &&
        span.kind === kind &&
        span.name === name &&
        (parent === undefined || span.parentSpanId === parent.spanId),
    );
    if (next === undefined) return undefined;
    found.push(next);
  }
  return found;
}

describe('the trace of an accepted referral', () => {
  test('leads from the gateway through referral, the stream and case to outcomes, parent to child', async () => {
    const told = () => receiver.spans.map(({ service, kind, name }) => `${service} ${kind} ${name}`);
    const spans = await waitFor(() => follow(receiver.spans, way), {
      what: 'the whole way',
      timeoutMs: 20_000,
    }).catch((error: unknown) => {
      throw new Error(`of the way arrived only:\n${[...new Set(told())].join('\n')}`, { cause: error });
    });
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(spans[0]?.parentSpanId).toBe('');
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(way.length);
  });

  test('shows that case asked referral for what the event does not carry', async () => {
    const spans = await waitFor(() => follow(receiver.spans, aside), {
      what: 'the question to referral',
      timeoutMs: 20_000,
    });
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  });

  test("goes on from a caller's own trace", async () => {
    const traceId = crypto.randomUUID().replaceAll('-', '');
    const spanId = traceId.slice(0, 16);
    ok(
      await as('intake-worker@provider').get(`/v1/referrals/${referralId}`, {
        traceparent: `00-${traceId}-${spanId}-01`,
      }),
    );
    const root = await waitFor(
      () => receiver.spans.find((span) => span.service === 'gateway' && span.parentSpanId === spanId),
      { what: 'the span of the gateway', timeoutMs: 20_000 },
    );
    expect(root.traceId).toBe(traceId);
  });
});

test('no span says anything of a person, in names, attributes or anything else that leaves', async () => {
  await waitFor(() => follow(receiver.spans, way), { what: 'the whole way', timeoutMs: 20_000 });
  const everything = receiver.bodies.map((body) => Buffer.from(body).toString('latin1')).join('\n');
  // The search itself works: what must be there is found.
  expect(saidIn(everything, [accept, 'GET /v1/referrals/{referral_id}'])).toHaveLength(2);
  expect(saidIn(everything, personal)).toEqual([]);
});

describe.each<ProcessName>(['gateway', ...services])('the metrics of %s', (name) => {
  const page = async () => {
    const answer = await fetch(`${platform.processes[name].adminUrl}/metrics`);
    return { type: answer.headers.get('content-type'), text: await answer.text() };
  };
  const labelsOf = (text: string) =>
    [...text.matchAll(/^[a-z_]+\{(.*)\} \S+$/gm)].map(([, labels = '']) => labels);

  test("are Prometheus' text and name themselves midas_", async () => {
    const { type, text } = await page();
    expect(type).toMatch(/^text\/plain; version=0\.0\.4/);
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples.length).toBeGreaterThan(3);
    for (const line of samples) expect(line).toMatch(/^midas_[a-z_]+(\{.*\})? [-+0-9.eEInfNa]+$/);
    expect(text).toMatch(/^# TYPE midas_process_memory_bytes gauge$/m);
  });

  test('hold no id in a label and nothing of a person', async () => {
    const { text } = await page();
    const labels = labelsOf(text);
    expect(labels.length).toBeGreaterThan(0);
    const id = /[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{16}|@/;
    expect(labels.filter((label) => id.test(label))).toEqual([]);
    expect(saidIn(text, personal)).toEqual([]);
  });
});

test('the metrics count what happened', async () => {
  const metrics = async (name: ProcessName) =>
    (await fetch(`${platform.processes[name].adminUrl}/metrics`)).text();
  const value = (text: string, metric: string, ...labels: readonly string[]) => {
    const line = text
      .split('\n')
      .find((one) => one.startsWith(`${metric}{`) && labels.every((label) => one.includes(label)));
    return Number(line?.split(' ').at(-1));
  };
  const [gateway, referral, outcomes] = await Promise.all([
    metrics('gateway'),
    metrics('referral'),
    metrics('outcomes'),
  ]);
  const route = 'route="/v1/referrals/{referral_id}:accept"';
  expect(value(gateway, 'midas_http_server_duration_seconds_count', route, 'status="200"')).toBe(1);
  expect(value(referral, 'midas_rpc_server_duration_seconds_count', `rpc="${accept}"`, 'code="OK"')).toBe(1);
  expect(value(referral, 'midas_outbox_pending')).toBe(0);
  expect(value(outcomes, 'midas_consumer_applied_total', 'subject="midas.case.case.opened.v1"')).toBe(1);
  expect(value(outcomes, 'midas_event_lag_seconds_count', 'subject="midas.case.case.opened.v1"')).toBe(1);
  expect(value(outcomes, 'midas_dead_letters')).toBe(0);
});

test('no log says anything of a person', () => {
  const logs = Object.values(platform.processes)
    .map(({ log }) => log())
    .join('\n');
  expect(logs).toContain('started');
  expect(saidIn(logs, personal)).toEqual([]);
});
