import { testToken, waitFor } from '@midas/kit/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashAnswers, syntheticPerson } from '../setup/people.ts';
import { type Platform, type ProcessName, type ServiceName, testPlatform } from '../setup/platform.ts';
import { internalsIn, personalTexts, saidIn } from '../setup/privacy.ts';
import { ask, ok, rest } from '../setup/rest.ts';
import { countOf, settled } from '../setup/rows.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());

const as = (userName: string) => rest(platform.gatewayUrl, userName);
const sent = new Set<string>();
const healing = { timeoutMs: 45_000 };

const report = async (headers = {}, sourceReference: string = crypto.randomUUID()) => {
  const victim = syntheticPerson();
  for (const text of personalTexts(victim)) sent.add(text);
  return as('referrer@victim-support').post(
    '/v1/incidents',
    {
      source_system: 'outages',
      source_reference: sourceReference,
      occurred_at: '2017-06-01T21:30:00Z',
      reported_at: '2017-06-02T09:00:00Z',
      kind: 'INCIDENT_KIND_CRIME',
      victim,
      risk_answers: dashAnswers(15),
    },
    headers,
  );
};

async function submittedReferral(): Promise<{ readonly id: string; readonly etag: string }> {
  const person = syntheticPerson();
  for (const text of personalTexts(person)) sent.add(text);
  const { referral_id: id } = ok(
    await as('referrer@police').post('/v1/referrals', {
      kind: 'REFERRAL_KIND_POLICE',
      support: 'SUPPORT_KIND_IDVA',
      referred_at: '2017-06-05T10:00:00Z',
      person,
      consent_given: true,
    }),
  );
  const seen = await as('intake-worker@provider').get(`/v1/referrals/${id}`);
  return { id, etag: seen.headers.get('etag') ?? '' };
}

/** The number of high-risk incidents in the commissioners' report. */
async function figure(): Promise<number> {
  const { measures } = ok(await as('commissioner@council').get('/v1/reports/commissioners'));
  return measures.find(({ id }: { id: string }) => id === 'incidents.high').value;
}

const incidents = () => countOf(platform, 'referral', 'SELECT count(*) AS n FROM incident');

/** What `/readyz` of a process says. */
async function readiness(name: ProcessName): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${platform.processes[name].adminUrl}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

/** Kills something, does the work without it, and starts it again whatever became of the work. */
async function without(
  target: { stop(signal: NodeJS.Signals): Promise<void>; start(): Promise<void> },
  work: () => Promise<void>,
): Promise<void> {
  await target.stop('SIGKILL');
  try {
    await work();
  } finally {
    await target.start();
  }
}

type Refusal = Awaited<ReturnType<typeof ask>>;

/** A read through the gateway, as text. */
const read = async (path: string, userName: string): Promise<Refusal> =>
  ask(`${platform.gatewayUrl}${path}`, {
    method: 'GET',
    headers: { authorization: `Bearer ${await testToken(userName)}` },
  });

/** That an answer is 503, says when to come back, and nothing of the inside. */
function expectUnavailable({ status, headers, text }: Refusal): void {
  expect(status, text).toBe(503);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(JSON.parse(text)).toMatchObject({
    status: 503,
    slug: expect.stringMatching(/unavailable/),
    detail: expect.stringMatching(/\w /),
  });
  expect(internalsIn(text)).toBeUndefined();
  expect(saidIn(text, [...sent])).toEqual([]);
}

test('a service that is down answers 503, the others go on, and it heals', async () => {
  const path = '/v1/incidents';
  await without(platform.processes.referral, async () => {
    expectUnavailable(await read(path, 'referrer@victim-support'));
    expect((await read('/v1/cases', 'service-manager@provider')).status).toBe(200);
    expect((await readiness('gateway')).status).toBe(200);
  });
  await waitFor(async () => (await read(path, 'referrer@victim-support')).status === 200, {
    ...healing,
    what: 'referral to answer again',
  });
  expect((await report()).status).toBe(201);
});

test('without case nobody sees or decides on a referral, known or not, and what case missed follows', async () => {
  const intake = 'intake-worker@provider';
  const [accepted, waiting] = [await submittedReferral(), await submittedReferral()];
  const accept = ({ id, etag }: { readonly id: string; readonly etag: string }) =>
    as(intake).post(`/v1/referrals/${id}:accept`, {}, { 'if-match': etag });
  const { nats, processes } = platform;
  // The acceptance is told only when case is away as well.
  await without(nats, async () => {
    ok(await accept(accepted));
    await processes.case.stop('SIGKILL');
  }).catch(async (error: unknown) => {
    await processes.case.start();
    throw error;
  });
  try {
    await waitFor(async () => (await read(`/v1/referrals/${waiting.id}`, intake)).status === 503, {
      what: 'what is known of the caller to grow old',
    });
    const known = await read(`/v1/referrals/${waiting.id}`, intake);
    const unknown = await read(`/v1/referrals/${crypto.randomUUID()}`, intake);
    expectUnavailable(known);
    const { instance: _, ...said } = JSON.parse(known.text);
    expect(JSON.parse(unknown.text)).toMatchObject(said);
    expect((await accept(waiting)).status).toBe(503);
    expectUnavailable(await read('/v1/cases', 'service-manager@provider'));
  } finally {
    await processes.case.start();
  }
  await waitFor(
    async () => {
      const found = await as('service-manager@provider').get(`/v1/cases?referral_id=${accepted.id}`);
      return found.status === 200 && found.body.cases?.length === 1;
    },
    { ...healing, what: 'the case' },
  );
  const seen = await waitFor(
    async () => {
      const answer = await read(`/v1/referrals/${waiting.id}`, intake);
      return answer.status === 200 ? answer.text : undefined;
    },
    { ...healing, what: 'the other referral' },
  );
  expect(seen).toContain('REFERRAL_STATUS_SUBMITTED');
});

test('an incident is assessed when case, which says who is who, is back', async () => {
  await settled(platform);
  let id = '';
  await without(platform.processes.case, async () => {
    id = ok(await report()).incident_id;
    await waitFor(() => platform.processes.risk.log().includes('what an event needs is away; it waits'), {
      what: 'risk to have tried',
    });
  });
  await waitFor(
    async () =>
      (await countOf(
        platform,
        'risk',
        `SELECT count(*) AS n FROM assessment WHERE incident_id = '${id}'`,
      )) === 1,
    { ...healing, what: 'the assessment' },
  );
  expect(await countOf(platform, 'risk', 'SELECT count(*) AS n FROM dead_letter')).toBe(0);
});

test('with NATS down commands succeed, and their events follow when it is back', async () => {
  await settled(platform);
  const before = await figure();
  const accepted = await submittedReferral();
  await without(platform.nats, async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => report()));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    ok(
      await as('intake-worker@provider').post(
        `/v1/referrals/${accepted.id}:accept`,
        {},
        { 'if-match': accepted.etag },
      ),
    );
    const ready = await waitFor(
      async () => {
        const now = await readiness('referral');
        return /"nats":\s*(\{[^}]*)?"?down/.test(now.text) ? now : undefined;
      },
      { what: 'referral to say that NATS is down' },
    );
    expect(ready.status).toBe(200);
    expect(await figure()).toBe(before);
  });
  await waitFor(async () => (await figure()) === before + 5, {
    ...healing,
    what: 'the figure of the report to follow',
  });
  await settled(platform, 45_000);
  expect(
    await countOf(
      platform,
      'case',
      `SELECT count(*) AS n FROM support_case WHERE referral_id = '${accepted.id}'`,
    ),
  ).toBe(1);
});

test('with outcomes down nothing waits for it, and the figures follow', async () => {
  await settled(platform);
  const before = await figure();
  await without(platform.processes.outcomes, async () => {
    expect((await report()).status).toBe(201);
    expectUnavailable(await read('/v1/reports/commissioners', 'commissioner@council'));
    // The other consumers are done with it while outcomes is still away.
    await waitFor(
      async () =>
        (await countOf(platform, 'risk', 'SELECT count(*) AS n FROM assessment')) === (await incidents()),
      { what: 'the assessment' },
    );
  });
  await waitFor(async () => (await figure()) === before + 1, {
    ...healing,
    what: 'the figure of the report to follow',
  });
});

/** Takes a service's database away, connections and all, and gives back how it returns. */
async function takeDatabase(service: ServiceName): Promise<() => Promise<void>> {
  const { name, adminUrl } = platform.databases[service];
  const server = new URL(adminUrl);
  server.pathname = '/postgres';
  const run = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server.href });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await run(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
  return () => run(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
}

test('a database that is away answers 503 without a word of it, leaves nothing, and heals by itself', async () => {
  await settled(platform);
  const before = await incidents();
  const figures = await figure();
  const giveBack = await takeDatabase('referral');
  const key = { 'idempotency-key': crypto.randomUUID() };
  try {
    const body = JSON.stringify({
      source_system: 'outages',
      source_reference: crypto.randomUUID(),
      occurred_at: '2017-06-01T21:30:00Z',
      kind: 'INCIDENT_KIND_CRIME',
      victim: syntheticPerson(),
    });
    const authorization = `Bearer ${await testToken('referrer@victim-support')}`;
    expectUnavailable(
      await ask(`${platform.gatewayUrl}/v1/incidents`, { body, headers: { authorization, ...key } }),
    );
    expectUnavailable(await read('/v1/incidents', 'referrer@victim-support'));
    await waitFor(async () => (await readiness('referral')).status === 503, {
      what: 'referral to say that it is not ready',
    });
    expect((await fetch(`${platform.processes.referral.adminUrl}/livez`)).status).toBe(200);
    expect((await read('/v1/cases', 'service-manager@provider')).status).toBe(200);
  } finally {
    await giveBack();
  }
  expect(await incidents()).toBe(before);
  const reference = crypto.randomUUID();
  await waitFor(async () => (await report(key, reference)).status === 201, {
    ...healing,
    what: 'referral to take incidents again',
  });
  expect(await incidents()).toBe(before + 1);
  await waitFor(async () => (await figure()) === figures + 1, {
    ...healing,
    what: 'its event to follow',
  });
  await waitFor(async () => (await readiness('referral')).status === 200, { what: 'readiness' });
});

test('a consumer whose database is away applies what it missed when it is back', async () => {
  await settled(platform);
  const before = await figure();
  const giveBack = await takeDatabase('outcomes');
  try {
    expect((await report()).status).toBe(201);
    expectUnavailable(await read('/v1/reports/commissioners', 'commissioner@council'));
    await waitFor(() => platform.processes.outcomes.log().includes('"slug":"database-unavailable"'), {
      what: 'outcomes to have tried',
    });
  } finally {
    await giveBack();
  }
  await waitFor(async () => (await figure()) === before + 1, {
    ...healing,
    what: 'the figure of the report to follow',
  });
  expect(await countOf(platform, 'outcomes', 'SELECT count(*) AS n FROM dead_letter')).toBe(0);
});

test('every line of the logs names its process, and none says anything of a person', () => {
  expect(sent.size).toBeGreaterThan(10);
  for (const { name, log } of Object.values(platform.processes)) {
    expect(log(), name).toContain('started');
    expect(saidIn(log(), [...sent]), name).toEqual([]);
    const lines = log()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(new Set(lines.map((line) => JSON.parse(line).service)), name).toEqual(new Set([name]));
  }
});
