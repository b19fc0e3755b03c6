import { waitFor } from '@midas/kit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCase } from '../setup/cases.ts';
import { dashAnswers, syntheticPerson } from '../setup/people.ts';
import { type Platform, testPlatform } from '../setup/platform.ts';
import { type Answer, ok, rest } from '../setup/rest.ts';
import { countOf, rowsOf } from '../setup/rows.ts';
import { differ, signedRank } from './timing.ts';
import { withinASecond } from './within.ts';

/*
 * What one organisation shares with another, access in an emergency and conflicts of interest, as the people concerned
 * meet them at the gateway.
 */

let platform: Platform;
beforeAll(async () => {
  platform = await testPlatform({}, ['referral', 'case', 'risk', 'perpetrator-programme', 'gateway']);
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const as = (userName: string) => rest(platform.gatewayUrl, userName);
const worker = () => as('case-worker@provider');
const housing = () => as('partner-professional@housing');
const socialCare = () => as('partner-professional@adult-social-care');
const officer = () => as('information-governance@council');
const ANY = { 'if-match': '*' };
const REASON = 'She rang and is in danger now.';

const grant = async (caseId: string, more: object = {}) =>
  ok(
    await worker().post(`/v1/cases/${caseId}/share-grants`, {
      organisation: 'housing',
      purpose: 'direct-care',
      scope: 'SHARE_SCOPE_FULL',
      lawful_basis: 'LAWFUL_BASIS_CONSENT',
      consent_given: true,
      ...more,
    }),
  );

/** The assessment of a person, made by the worker and found to be about that person. */
async function assessed(person: object): Promise<string> {
  const made = ok(await worker().post('/v1/assessments', { person, risk_answers: dashAnswers(15) }));
  const { assessment_id: id } = made;
  const resolved = `SELECT count(*) AS n FROM assessment WHERE id = '${id}' AND person_id IS NOT NULL`;
  await waitFor(async () => (await countOf(platform, 'risk', resolved)) === 1, {
    what: 'the person of the assessment',
  });
  return `/v1/assessments/${id}`;
}

/** Other services keep what they were told of a caller for a second, and no longer. */
const goneWithinASecond = (path: string, userName: string) =>
  withinASecond(() => as(userName).get(path), 404, `for ${userName} at ${path}`);

/** An answer without what is different each time: ids and instants, in the order in which they first appear. */
function plain({ status, headers, body }: Answer) {
  const seen = new Map<string, string>();
  const text = JSON.stringify(body ?? null).replaceAll(
    /[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|\d{4}-\d\d-\d\dT[\d:.]+Z/g,
    (found) => {
      const name = seen.get(found) ?? `<${seen.size}>`;
      seen.set(found, name);
      return name;
    },
  );
  const constant = [...headers.keys()]
    .filter((name) => !/^(x-ratelimit|ratelimit)/.test(name))
    .map((name) => [name, /^(date|etag|location|x-request-id)$/.test(name) ? '' : headers.get(name)]);
  return { status, headers: Object.fromEntries(constant), text };
}

describe('a share', () => {
  test('that rests on consent is gone within a second of its withdrawal, with the reader signed in and NATS away', async () => {
    const person = syntheticPerson();
    const { caseId } = await openCase(platform.gatewayUrl, person);
    const assessment = await assessed(person);
    await grant(caseId);
    const marked = await grant(caseId, {
      organisation: 'adult-social-care',
      lawful_basis: 'LAWFUL_BASIS_COURT_ORDER',
    });
    const paths = [`/v1/shared-cases/${caseId}`, `/v1/cases/${caseId}`, `/v1/cases/${caseId}/contacts`];
    for (const path of [assessment, ...paths]) {
      await waitFor(async () => (await housing().get(path)).status === 200, { what: path });
    }
    await platform.nats.stop('SIGKILL');
    try {
      const withdrawn = ok(await worker().post(`/v1/cases/${caseId}/consent-withdrawals`, {}));
      const elsewhere = goneWithinASecond(assessment, 'partner-professional@housing');
      const unknown = crypto.randomUUID();
      const refused = await Promise.all(paths.map((path) => housing().get(path)));
      const listed = ok(await housing().get('/v1/shared-cases?page_size=200'));
      expect(refused.map(({ status }) => status)).toEqual([404, 404, 404]);
      expect(JSON.stringify(listed)).not.toContain(caseId);
      await elsewhere;
      for (const [place, path] of paths.entries()) {
        const never = await housing().get(path.replace(caseId, unknown));
        expect(plain(refused[place] ?? never)).toEqual(plain(never));
      }
      expect(withdrawn.marked_share_grant_ids).toEqual([marked.share_grant_id]);
      expect((await socialCare().get(`/v1/shared-cases/${caseId}`)).status).toBe(200);
    } finally {
      await platform.nats.start();
    }
    const { share_grant_id: id } = marked;
    const waiting = await worker().get(`/v1/share-grants/${id}`);
    expect(waiting.body).toMatchObject({
      status: 'SHARE_GRANT_STATUS_LIVE',
      consent_withdrawn_at: expect.any(String),
      decision_due_at: expect.any(String),
    });
    const etag = { 'if-match': waiting.headers.get('etag') ?? '' };
    ok(await worker().post(`/v1/share-grants/${id}:decide`, { keep: false, reason: REASON }, etag));
    expect((await socialCare().get(`/v1/shared-cases/${caseId}`)).status).toBe(404);
    const published =
      "SELECT subject FROM outbox_event WHERE subject LIKE 'midas.case.share.%' AND published_at IS NOT NULL ORDER BY seq";
    const events = await waitFor(
      async () => {
        const rows = await rowsOf(platform, 'case', published);
        return rows.length === 5 && rows;
      },
      { what: 'the events of the grants on the stream', timeoutMs: 30_000 },
    );
    expect(events.map(({ subject }) => String(subject).split('.')[3])).toEqual([
      'granted',
      'granted',
      'ended',
      'marked',
      'ended',
    ]);
  });
});

const emergency = (nhsNumber: string) =>
  as('case-worker-2@provider').post('/v1/break-glass', {
    person: { nhs_number: nhsNumber },
    reason: REASON,
  });

describe('access in an emergency', () => {
  test('answers alike whether or not the person is known, and alerts information-governance of both', async () => {
    const person = syntheticPerson();
    await openCase(platform.gatewayUrl, person);
    const [hit, miss] = [await emergency(person.nhs_number), await emergency(syntheticPerson().nhs_number)];
    expect(hit.status).toBe(201);
    expect(plain(hit)).toEqual(plain(miss));
    const mine = ok(await as('case-worker-2@provider').get('/v1/break-glass'));
    expect(mine.openings).toHaveLength(2);
    const queue = ok(await officer().get('/v1/break-glass?unreviewed=true'));
    for (const { body } of [hit, miss]) {
      const queued = queue.openings.find(
        (each: { break_glass_id: string }) => each.break_glass_id === body.break_glass_id,
      );
      expect(queued).toMatchObject({ opened_by: 'case-worker-2@provider', reason: REASON });
    }
    const metrics = await (await fetch(`${platform.processes.case.adminUrl}/metrics`)).text();
    expect(metrics).toContain('midas_reviews_waiting{service="case",kind="break-glass"} 2');
  });
});

describe('the time that an opening takes', () => {
  test('tells nothing of whether the person is known', async () => {
    const person = syntheticPerson();
    await openCase(platform.gatewayUrl, person);
    const timed = async (nhsNumber: string): Promise<number> => {
      const began = performance.now();
      expect((await emergency(nhsNumber)).status).toBe(201);
      return performance.now() - began;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let pair = 0; pair < 320; pair++) {
      const stranger = syntheticPerson().nhs_number;
      // Turn about, so that neither always comes first.
      if (pair % 2 === 0) known.push(await timed(person.nhs_number));
      unknown.push(await timed(stranger));
      if (pair % 2 === 1) known.push(await timed(person.nhs_number));
    }
    // The first calls find connections and statements not yet made.
    const pairs = { one: known.slice(20), other: unknown.slice(20) };
    expect(differ(pairs), `${signedRank(pairs)} standard deviations apart`).toBe(false);
  });
});

describe('a conflict of interest', () => {
  test('beats assignment and an opening in an emergency within a second', async () => {
    const person = syntheticPerson();
    const { caseId } = await openCase(platform.gatewayUrl, person);
    const assessment = await assessed(person);
    ok(await emergency(person.nhs_number));
    for (const userName of ['case-worker@provider', 'case-worker-2@provider']) {
      for (const path of [`/v1/cases/${caseId}`, assessment]) {
        await waitFor(async () => (await as(userName).get(path)).status === 200, { what: path });
      }
      const named = { nhs_number: person.nhs_number };
      const block = { user_name: userName, person: named, reason: 'A neighbour' };
      const { conflict_block_id: id } = ok(await officer().post('/v1/conflict-blocks', block));
      const elsewhere = goneWithinASecond(assessment, userName);
      const refused = await as(userName).get(`/v1/cases/${caseId}`);
      await elsewhere;
      expect(plain(refused)).toEqual(plain(await as(userName).get(`/v1/cases/${crypto.randomUUID()}`)));
      expect(JSON.stringify(ok(await as(userName).get('/v1/cases?page_size=200')))).not.toContain(caseId);
      ok(await as(userName).post('/v1/break-glass', { person: named, reason: REASON }));
      expect((await as(userName).get(`/v1/cases/${caseId}`)).status).toBe(404);
      ok(await officer().post(`/v1/conflict-blocks/${id}:end`, {}, ANY));
      await waitFor(async () => (await as(userName).get(`/v1/cases/${caseId}`)).status === 200, {
        what: 'the case to be there again',
      });
    }
  });
});
