import { forgedToken, testServiceToken, testToken } from '@midas/kit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { syntheticPerson } from '../setup/people.ts';
import { type Platform, type ServiceName, testPlatform } from '../setup/platform.ts';
import { internalsIn, personalTexts, saidIn } from '../setup/privacy.ts';
import { type Asking, ask, ok, rest } from '../setup/rest.ts';
import { countOf, rowCounts, settled } from '../setup/rows.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());

const as = (userName: string) => rest(platform.gatewayUrl, userName);
// Everything personal that any test sent, for the search through the logs at the end.
const sent = new Set<string>();

function incident(more: object = {}, particulars: Readonly<Record<string, unknown>> = {}) {
  const body = {
    source_system: 'bad-input',
    source_reference: crypto.randomUUID(),
    occurred_at: '2017-06-01T21:30:00Z',
    kind: 'INCIDENT_KIND_CRIME',
    victim: syntheticPerson(particulars),
    description: `Words about her ${crypto.randomUUID()}`,
    ...more,
  };
  for (const text of personalTexts(body.victim, body.description)) sent.add(text);
  return body;
}

function referral(more: object = {}) {
  const person = syntheticPerson();
  for (const text of personalTexts(person)) sent.add(text);
  return {
    kind: 'REFERRAL_KIND_POLICE',
    support: 'SUPPORT_KIND_IDVA',
    referred_at: '2017-06-05T10:00:00Z',
    person,
    consent_given: true,
    ...more,
  };
}

/** Sends as a user whom the path is for, with a fresh key, unless told otherwise. */
async function send(path: string, asking: Asking = {}, userName = 'referrer@victim-support') {
  return ask(`${platform.gatewayUrl}${path}`, {
    ...asking,
    headers: {
      authorization: `Bearer ${await testToken(userName)}`,
      'idempotency-key': crypto.randomUUID(),
      ...asking.headers,
    },
  });
}
const post = (path: string, body: unknown, userName?: string, headers?: Record<string, string>) =>
  send(path, { body: JSON.stringify(body), ...(headers === undefined ? {} : { headers }) }, userName);

type Refusal = Awaited<ReturnType<typeof ask>>;

/** That an answer is a proper problem document, which it returns: nothing of the inside, nothing of a person. */
function problemOf({ status, headers, text }: Refusal) {
  expect(headers.get('content-type'), text).toMatch(/^application\/problem\+json/);
  const problem = JSON.parse(text);
  expect(problem).toMatchObject({
    status,
    type: `urn:midas:problem:${problem.slug}`,
    title: expect.stringMatching(/\w/),
    detail: expect.stringMatching(/\w{2,} /),
    instance: expect.stringMatching(/^urn:midas:trace:[0-9a-f]{32}$/),
  });
  expect(internalsIn(text)).toBeUndefined();
  expect(saidIn(text, [...sent])).toEqual([]);
  return problem;
}

/** Runs a refused request and asserts that no table of any service has one row more or less. */
async function withoutTrace(work: () => Promise<Refusal>): Promise<Refusal> {
  await settled(platform);
  const before = await rowCounts(platform);
  const answer = await work();
  await settled(platform);
  expect(await rowCounts(platform)).toEqual(before);
  return answer;
}

const audited = (service: ServiceName, outcome: string) =>
  countOf(platform, service, `SELECT count(*) AS n FROM audit_entry WHERE outcome = '${outcome}'`);

describe('a request that is no message of the contract', () => {
  type Case = readonly [string, () => Promise<Refusal>, number, slug: string, field?: string];
  const report = '/v1/incidents';
  const json = (more: object, particulars?: Readonly<Record<string, unknown>>) =>
    JSON.stringify(incident(more, particulars));
  const soon = new Date(Date.now() + 86_400_000);
  const cases: readonly Case[] = [
    ['malformed JSON', () => send(report, { body: json({}).slice(0, -2) }), 400, 'malformed-json'],
    ['a key twice', () => send(report, { body: '{"kind":"X","kind":"X"}' }), 400, 'malformed-json'],
    [
      'bytes that are no text',
      () => send(report, { body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]) }),
      400,
      'malformed-json',
    ],
    ['no body', () => send(report), 400, 'invalid-request', 'source_system'],
    ['a list for an object', () => send(report, { body: '[]' }), 400, 'invalid-request'],
    ['an unknown field', () => post(report, incident({ level: 'HIGH' })), 400, 'invalid-request', 'level'],
    [
      'an unknown field of a person',
      () => post(report, incident({}, { maiden_name: 'Q' })),
      400,
      'invalid-request',
      'victim.maiden_name',
    ],
    [
      'a number in quotes',
      () => send('/v1/incidents?page_size=%2212%22', { method: 'GET' }),
      400,
      'invalid-request',
      'page_size',
    ],
    [
      'one answer where a list belongs',
      () => post(report, incident({ risk_answers: { instrument: 'dash-24', answers: {} } })),
      400,
      'invalid-request',
      'risk_answers.answers',
    ],
    [
      'a text where true or false belongs',
      () => post('/v1/referrals', referral({ consent_given: 'true' })),
      400,
      'invalid-request',
      'consent_given',
    ],
    [
      'a number where a text belongs',
      () => post(report, incident({ source_reference: 12 })),
      400,
      'invalid-request',
      'source_reference',
    ],
    [
      'a word for a number in the query',
      () => send('/v1/incidents?page_size=twelve', { method: 'GET' }),
      400,
      'invalid-request',
      'page_size',
    ],
    [
      'an unknown parameter',
      () => send('/v1/incidents?sort=name', { method: 'GET' }),
      400,
      'invalid-request',
      'sort',
    ],
    [
      'a page token that nobody gave out',
      () => send('/v1/incidents?page_token=abc', { method: 'GET' }),
      400,
      'page-token-invalid',
      'page_token',
    ],
    ['an unknown kind', () => post(report, incident({ kind: 'X' })), 400, 'invalid-request', 'kind'],
    [
      'over-long text',
      () => post(report, incident({ description: 'x'.repeat(8_001) })),
      400,
      'invalid-request',
      'description',
    ],
    [
      'an over-long name',
      () => post(report, incident({}, { family_name: 'y'.repeat(101) })),
      400,
      'invalid-request',
      'victim.family_name',
    ],
    [
      'an NHS number with a wrong check digit',
      () => post(report, incident({}, { nhs_number: '9990000011' })),
      400,
      'invalid-request',
      'victim.nhs_number',
    ],
    [
      'a postcode that is none',
      () => post(report, incident({}, { address: { lines: ['1 Qq Street'], postcode: 'ME44UH' } })),
      400,
      'invalid-request',
      'victim.address.postcode',
    ],
    [
      'an incident in the future',
      () => post(report, incident({ occurred_at: soon.toISOString() })),
      400,
      'invalid-request',
      'occurred_at',
    ],
    [
      'a birth date in the future',
      () => post(report, incident({}, { birth_date: soon.toISOString().slice(0, 10) })),
      400,
      'invalid-request',
      'victim.birth_date',
    ],
    [
      'a day that does not exist',
      () => post(report, incident({}, { birth_date: '1970-02-30' })),
      400,
      'invalid-request',
      'victim.birth_date',
    ],
    [
      'a required field left out',
      () => post(report, incident({ victim: undefined })),
      400,
      'invalid-request',
      'victim',
    ],
    [
      'a huge body',
      () => send(report, { body: `{"description":"${'x'.repeat(3_000_000)}"}` }),
      413,
      'body-too-large',
    ],
    [
      'a body that is not JSON',
      () =>
        send(report, { body: 'kind=X', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
      415,
      'media-type',
    ],
    ['a path that is none', () => send('/v1/people/1', { method: 'GET' }), 404, 'no-such-path'],
    ['another verb', () => send('/v1/incidents', { method: 'DELETE' }), 405, 'method-not-allowed'],
    [
      'an id that is none',
      () => send('/v1/incidents/42', { method: 'GET' }),
      400,
      'invalid-request',
      'incident_id',
    ],
    [
      'an unknown incident',
      () => send(`/v1/incidents/${crypto.randomUUID()}`, { method: 'GET' }),
      404,
      'not-found',
    ],
    [
      'an unknown referral to accept',
      () =>
        post(`/v1/referrals/${crypto.randomUUID()}:accept`, {}, 'intake-worker@provider', {
          'if-match': '*',
        }),
      404,
      'not-found',
    ],
    [
      'a zero byte in a text that is stored as it is',
      () =>
        post(
          '/v1/groups',
          { programme: 'GROUP_PROGRAMME_FREEDOM', name: 'a\u0000b', starts_at: '2017-09-01T10:00:00Z' },
          'group-facilitator@provider',
        ),
      400,
      'invalid-request',
      'name',
    ],
  ];

  const named = cases.map(([name, work, status, slug, field]) => ({ name, work, status, slug, field }));
  test.each(named)('$name is refused', async ({ work, status, slug, field }) => {
    const answer = await withoutTrace(work);
    const problem = problemOf(answer);
    expect(problem).toMatchObject({ status, slug });
    if (field !== undefined) {
      expect(problem.violations).toContainEqual(
        expect.objectContaining({ field, message: expect.stringMatching(/\w/) }),
      );
    }
  });
});

describe('who may not', () => {
  const forgeries = [
    'other-key',
    'unsigned',
    'hmac',
    'expired',
    'other-issuer',
    'other-audience',
    'garbage',
  ] as const;

  const refused = async (authorization: string | undefined) => {
    const headers: Record<string, string> = { 'idempotency-key': crypto.randomUUID() };
    if (authorization !== undefined) headers.authorization = authorization;
    const answer = await withoutTrace(() =>
      ask(`${platform.gatewayUrl}/v1/incidents`, { body: JSON.stringify(incident()), headers }),
    );
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(problemOf(answer)).toMatchObject({ status: 401, slug: 'token-refused' });
    return answer;
  };

  test.each(forgeries)('a token that is %s is refused', async (kind) => {
    await refused(`Bearer ${await forgedToken(kind, 'referrer@victim-support')}`);
  });

  test("a token that Keycloak signed for another audience is refused, the gateway's own among them", async () => {
    await refused(`Bearer ${await testServiceToken('service-case', 'referral')}`);
    await refused(`Bearer ${await testServiceToken('service-gateway', 'referral')}`);
  });

  test('no token, or a name and password, is refused', async () => {
    await refused(undefined);
    await refused('Basic dTpw');
  });

  test.each([
    ['commissioner@council', '/v1/incidents', 'referral'],
    ['programme-facilitator@provider', '/v1/incidents', 'referral'],
  ] as const)('%s may not report an incident, which is audited', async (userName, path, service) => {
    const before = await audited(service, 'forbidden');
    const answer = await withoutTrace(() => post(path, incident(), userName));
    expect(problemOf(answer)).toMatchObject({ status: 403, slug: 'forbidden' });
    expect(await audited(service, 'forbidden')).toBe(before + 1);
  });

  test('a referral of another organisation answers like one that is not there', async () => {
    const { referral_id: id } = ok(await as('referrer@police').post('/v1/referrals', referral()));
    const [theirs, none] = await Promise.all([
      send(`/v1/referrals/${id}`, { method: 'GET' }, 'referrer@housing'),
      send(`/v1/referrals/${crypto.randomUUID()}`, { method: 'GET' }, 'referrer@housing'),
    ]);
    const [a, b] = [problemOf(theirs), problemOf(none)];
    expect(a).toMatchObject({ status: 404, slug: 'not-found' });
    expect({ ...a, instance: '' }).toEqual({ ...b, instance: '' });
  });
});

describe('the version of a record', () => {
  const intake = 'intake-worker@provider';

  test('must be sent with a change, and must be the one that stands', async () => {
    const { referral_id: id } = ok(await as('referrer@police').post('/v1/referrals', referral()));
    const path = `/v1/referrals/${id}:accept`;
    const seen = (await as(intake).get(`/v1/referrals/${id}`)).headers.get('etag') ?? '';
    expect(seen).toMatch(/^"[^"]+"$/);

    const without = await withoutTrace(() => post(path, {}, intake));
    expect(problemOf(without)).toMatchObject({ status: 428, slug: 'if-match-required' });
    const wrong = await withoutTrace(() => post(path, {}, intake, { 'if-match': '"another"' }));
    expect(problemOf(wrong)).toMatchObject({ status: 412, slug: 'stale' });

    ok(await as(intake).post(path, {}, { 'if-match': seen }));
    const before = await audited('referral', 'stale');
    const stale = await withoutTrace(() =>
      post(`/v1/referrals/${id}:reject`, { reason: 'REJECTION_REASON_DUPLICATE' }, intake, {
        'if-match': seen,
      }),
    );
    expect(problemOf(stale)).toMatchObject({ status: 412, slug: 'stale' });
    expect(await audited('referral', 'stale')).toBe(before + 1);
    const still = ok(await as(intake).get(`/v1/referrals/${id}`));
    expect(still.status).toBe('REFERRAL_STATUS_ACCEPTED');
  });

  test('lets two workers who accept at once succeed once', async () => {
    const { referral_id: id } = ok(await as('referrer@police').post('/v1/referrals', referral()));
    const seen = (await as(intake).get(`/v1/referrals/${id}`)).headers.get('etag') ?? '';
    const both = await Promise.all(
      [1, 2].map(() => post(`/v1/referrals/${id}:accept`, {}, intake, { 'if-match': seen })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    await settled(platform);
    expect(
      await countOf(platform, 'case', `SELECT count(*) AS n FROM support_case WHERE referral_id = '${id}'`),
    ).toBe(1);
  });
});

describe('an idempotency key', () => {
  const key = () => ({ 'idempotency-key': crypto.randomUUID() });

  test('must be sent', async () => {
    const body = JSON.stringify(incident());
    const token = await testToken('referrer@victim-support');
    const answer = await withoutTrace(() =>
      ask(`${platform.gatewayUrl}/v1/incidents`, { body, headers: { authorization: `Bearer ${token}` } }),
    );
    const problem = problemOf(answer);
    expect(problem).toMatchObject({ status: 400, slug: 'idempotency-key-required' });
    expect(problem.violations).toContainEqual(expect.objectContaining({ field: 'Idempotency-Key' }));
  });

  test('sent again with the same body gives the same answer and leaves nothing new', async () => {
    const body = incident();
    const headers = key();
    const first = await post('/v1/incidents', body, undefined, headers);
    expect(first.status, first.text).toBe(201);
    const again = await withoutTrace(() => post('/v1/incidents', body, undefined, headers));
    expect([again.status, JSON.parse(again.text)]).toEqual([201, JSON.parse(first.text)]);
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  test('sent again with another body is refused', async () => {
    const headers = key();
    expect((await post('/v1/incidents', incident(), undefined, headers)).status).toBe(201);
    const other = await withoutTrace(() => post('/v1/incidents', incident(), undefined, headers));
    expect(problemOf(other)).toMatchObject({ status: 409, slug: 'idempotency-key-reused' });
  });

  test('sent many times at once makes one record and one event', async () => {
    await settled(platform);
    const before = await rowCounts(platform);
    const body = incident();
    const headers = key();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => post('/v1/incidents', body, undefined, headers)),
    );
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(problemOf(answer)).toMatchObject({ status: 409, slug: 'idempotency-key-in-flight' });
    }
    const made = answers
      .filter(({ status }) => status === 201)
      .map(({ text }) => JSON.parse(text).incident_id);
    expect(new Set(made).size).toBe(1);
    await settled(platform);
    const after = await rowCounts(platform);
    for (const table of ['referral.incident', 'referral.outbox_event', 'outcomes.incident_fact']) {
      expect(after[table], table).toBe((before[table] ?? Number.NaN) + 1);
    }
  });

  test('that was lost doubles nothing: the reference of the sending system tells', async () => {
    const body = incident();
    const first = await post('/v1/incidents', body);
    expect(first.status, first.text).toBe(201);
    const events = () => countOf(platform, 'referral', 'SELECT count(*) AS n FROM outbox_event');
    const incidents = () => countOf(platform, 'referral', 'SELECT count(*) AS n FROM incident');
    const before = [await events(), await incidents()];
    const again = await post('/v1/incidents', body);
    expect([again.status, JSON.parse(again.text)]).toEqual([201, JSON.parse(first.text)]);
    expect([await events(), await incidents()]).toEqual(before);
    const other = { ...body, kind: 'INCIDENT_KIND_NON_CRIME' };
    const refused = await withoutTrace(() => post('/v1/incidents', other));
    expect(problemOf(refused)).toMatchObject({ status: 409, slug: 'source-reference-reused' });
  });
});

test('no log of any process says anything of a person, a token or a key', async () => {
  const tokens = await Promise.all(['referrer@victim-support', 'intake-worker@provider'].map(testToken));
  expect(sent.size).toBeGreaterThan(100);
  for (const { name, log } of Object.values(platform.processes)) {
    expect(log(), name).toContain('started');
    expect(saidIn(log(), [...sent, ...tokens]), name).toEqual([]);
  }
});
