import { headIn, verifyTrail } from '@midas/kit';
import { waitFor } from '@midas/kit/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashAnswers, syntheticPerson } from '../setup/people.ts';
import { type Platform, type ProcessName, services, testPlatform } from '../setup/platform.ts';
import { type Answer, ok, rest } from '../setup/rest.ts';
import { countOf, rowsOf, settled } from '../setup/rows.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());

const as = (userName: string) => rest(platform.gatewayUrl, userName);

// What is killed, in turn: those that hear most first, then the front, then the stream.
const victims: readonly (ProcessName | 'nats')[] = [
  'referral',
  'risk',
  'case',
  'outcomes',
  'gateway',
  'nats',
  'health-access',
  'perpetrator-programme',
];
const incidentsEach = 20;
const referralsEach = 4;
const atOnce = 6;

/** How often a polite client had to send again. */
let repeated = 0;

/**
 * Sends until there is an answer, as a polite client does: the same request under the same key after a lost
 * connection, a fault of the server, or a request of its own that is still in flight.
 */
async function politely(send: () => Promise<Answer>): Promise<Answer> {
  let tries = 0;
  return waitFor(
    async () => {
      tries += 1;
      if (tries > 1) repeated += 1;
      const answer = await send();
      const again = answer.status >= 500 || answer.body?.slug === 'idempotency-key-in-flight';
      return again ? undefined : answer;
    },
    { what: 'an answer', timeoutMs: 90_000 },
  );
}

const key = () => ({ 'idempotency-key': crypto.randomUUID() });

async function reportIncident(reference: string): Promise<void> {
  const headers = key();
  const body = {
    source_system: 'crash',
    source_reference: reference,
    occurred_at: '2017-06-01T21:30:00Z',
    reported_at: '2017-06-02T09:00:00Z',
    kind: 'INCIDENT_KIND_CRIME',
    victim: syntheticPerson(),
    perpetrators: [syntheticPerson({ gender: 'GENDER_MALE' })],
    risk_answers: dashAnswers(15),
  };
  ok(await politely(() => as('referrer@victim-support').post('/v1/incidents', body, headers)));
}

/** Submits and accepts a referral; returns its id. */
async function acceptReferral(): Promise<string> {
  const submit = key();
  const body = {
    kind: 'REFERRAL_KIND_POLICE',
    support: 'SUPPORT_KIND_IDVA',
    referred_at: '2017-06-05T10:00:00Z',
    person: syntheticPerson(),
    consent_given: true,
  };
  const { referral_id: id } = ok(
    await politely(() => as('referrer@police').post('/v1/referrals', body, submit)),
  );
  const intake = as('intake-worker@provider');
  const seen = await politely(() => intake.get(`/v1/referrals/${id}`));
  ok(seen);
  const accept = { ...key(), 'if-match': seen.headers.get('etag') ?? '' };
  const accepted = ok(await politely(() => intake.post(`/v1/referrals/${id}:accept`, {}, accept)));
  expect(accepted.status).toBe('REFERRAL_STATUS_ACCEPTED');
  return id;
}

/** Works through the jobs, a few at once. `afterFirst` is told when the first is done. */
async function workOff(jobs: readonly (() => Promise<unknown>)[], afterFirst: () => void): Promise<void> {
  const waiting = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      await job();
      afterFirst();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

test('whatever is killed while partners send, nothing is lost and nothing doubled', {
  timeout: 600_000,
}, async () => {
  const references: string[] = [];
  const referrals: string[] = [];
  for (const victim of victims) {
    const own = Array.from({ length: incidentsEach }, () => crypto.randomUUID());
    references.push(...own);
    const jobs: (() => Promise<unknown>)[] = own.map((reference) => () => reportIncident(reference));
    for (let at = 0; at < referralsEach; at += 1) {
      jobs.splice(at * 4 + 1, 0, async () => referrals.push(await acceptReferral()));
    }
    // Killed once work is under way, with requests and events in flight, and started again while clients retry.
    const { promise: underWay, resolve } = Promise.withResolvers<void>();
    const working = workOff(jobs, resolve);
    await Promise.race([underWay, working]);
    const target = victim === 'nats' ? platform.nats : platform.processes[victim];
    await target.stop('SIGKILL');
    await target.start();
    await working;
  }
  const n = victims.length * incidentsEach;
  const accepted = victims.length * referralsEach;
  expect(references).toHaveLength(n);
  expect(new Set(referrals).size).toBe(accepted);
  // The kills did hit work: some requests had to be sent again.
  expect(repeated).toBeGreaterThan(0);

  // Events of a killed consumer come again once the stream takes them for lost.
  await settled(platform, 120_000);

  const incidents = await rowsOf(platform, 'referral', 'SELECT source_reference FROM incident');
  expect(incidents.map((row) => row.source_reference).sort()).toEqual([...references].sort());
  expect(await tally('referral', 'referral')).toBe(accepted);
  expect(await tally('risk', 'incident')).toBe(n);
  expect(await tally('risk', 'assessment', 'DISTINCT incident_id')).toBe(n);
  expect(await tally('outcomes', 'incident_fact')).toBe(n);
  expect(await tally('outcomes', 'assessment_fact')).toBe(n);
  expect(await tally('outcomes', 'assessment_fact', 'DISTINCT incident_id')).toBe(n);
  const cases = await rowsOf(platform, 'case', 'SELECT referral_id FROM support_case');
  expect(cases.map((row) => row.referral_id).sort()).toEqual([...referrals].sort());
  // One of each event, no more: what was published again after a kill is known by its id.
  expect(
    await countOf(
      platform,
      'case',
      `SELECT count(*) AS n FROM outbox_event WHERE subject = 'midas.case.case.opened.v1'`,
    ),
  ).toBe(accepted);
  for (const service of services) {
    expect(await tally(service, 'dead_letter'), service).toBe(0);
  }

  for (const service of services) await isSealed(service);

  const { measures } = ok(await as('commissioner@council').get('/v1/reports/commissioners'));
  const figure = (id: string) => measures.find((row: { id: string }) => row.id === id).value;
  expect(figure('incidents.total')).toBe(n);
  expect(figure('incidents.high')).toBe(n);
});

const tally = (service: (typeof services)[number], table: string, what = '*'): Promise<number> =>
  countOf(platform, service, `SELECT count(${what}) AS n FROM ${table}`);

/** The audit trail is one whole chain, of which every head that the log tells of is a part. */
async function isSealed(service: (typeof services)[number]): Promise<void> {
  const client = new pg.Client({ connectionString: platform.databases[service].adminUrl });
  await client.connect();
  try {
    const heads = platform.processes[service]
      .log()
      .split('\n')
      .flatMap((line) => headIn(line) ?? []);
    const trail = await waitFor(
      async () => {
        const found = await verifyTrail(client, { service, heads });
        return found.waiting === 0 ? found : undefined;
      },
      { what: `every audit entry of ${service} sealed`, timeoutMs: 30_000 },
    );
    expect(trail.findings, service).toEqual([]);
    const n = await countOf(platform, service, 'SELECT count(*) AS n FROM audit_entry');
    expect(trail.entries, service).toBe(n);
    if (n > 0) expect(trail.heads, service).toBeGreaterThan(0);
  } finally {
    await client.end();
  }
}
