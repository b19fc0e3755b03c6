import { waitFor } from '@midas/kit/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCase } from '../setup/cases.ts';
import { syntheticPerson } from '../setup/people.ts';
import { type Platform, testPlatform } from '../setup/platform.ts';
import { ok, rest } from '../setup/rest.ts';
import { countOf } from '../setup/rows.ts';
import { withinASecond } from './within.ts';

/*
 * Records of referral and health-access under relationships that case owns, as the people concerned meet them at the
 * gateway.
 */

let platform: Platform;
beforeAll(async () => {
  platform = await testPlatform({}, [
    'referral',
    'case',
    'risk',
    'perpetrator-programme',
    'health-access',
    'gateway',
  ]);
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const as = (userName: string) => rest(platform.gatewayUrl, userName);
const statusOf = async (userName: string, path: string) => (await as(userName).get(path)).status;

const within = (userName: string, path: string, status: number) =>
  withinASecond(() => as(userName).get(path), status, `for ${userName} at ${path}`);

test('a health plan is opened on a share for health, told of to those who share it, and lost with consent', async () => {
  const navigator = 'health-navigator@ccg';
  const { caseId } = await openCase(platform.gatewayUrl, syntheticPerson());
  const worker = as('case-worker@provider');
  const open = (userName: string) => as(userName).post('/v1/health-plans', { case_id: caseId });
  const share = async (organisation: string, scope: string) =>
    ok(
      await worker.post(`/v1/cases/${caseId}/share-grants`, {
        organisation,
        purpose: 'direct-care',
        scope: `SHARE_SCOPE_${scope}`,
        lawful_basis: 'LAWFUL_BASIS_CONSENT',
        consent_given: true,
      }),
    );
  const unknown = await as(navigator).post('/v1/health-plans', { case_id: crypto.randomUUID() });
  await share('ccg', 'SUMMARY');
  const { instance: _, ...said } = unknown.body;
  expect(await open(navigator)).toMatchObject({ status: 404, body: said });

  await share('ccg', 'HEALTH');
  const { health_plan_id: id } = ok(await open(navigator));
  const path = `/v1/health-plans/${id}`;
  // A navigator with whom it is not shared does not learn that there is a plan; one with whom it is, reads it.
  const other = 'health-navigator@provider';
  expect(await open(other)).toMatchObject({ status: 404, body: said });
  await share('provider', 'HEALTH');
  expect((await open(other)).body).toMatchObject({ status: 409, slug: 'health-plan-exists' });
  await share('housing', 'FULL');
  const housing = 'partner-professional@housing';
  await waitFor(async () => (await statusOf(housing, path)) === 200, { what: 'the share to hold' });
  expect(await statusOf(navigator, path)).toBe(200);

  await platform.nats.stop('SIGKILL');
  try {
    ok(await worker.post(`/v1/cases/${caseId}/consent-withdrawals`, {}));
    await Promise.all([navigator, other, housing].map((user) => within(user, path, 404)));
  } finally {
    await platform.nats.start();
  }
  const need = { kind: 'HEALTH_NEED_KIND_DENTAL' };
  expect((await as(navigator).post(`${path}/needs`, need)).status).toBe(404);
  expect(ok(await as(navigator).get(`/v1/health-plans?case_id=${caseId}`)).health_plans ?? []).toEqual([]);
});

test('a conflict of interest hides what a referrer sent and what intake triages, from them alone', async () => {
  const person = syntheticPerson();
  const sender = 'referrer@probation';
  const sent = {
    source_system: 'probation',
    source_reference: crypto.randomUUID(),
    kind: 'REFERRAL_KIND_OTHER',
    support: 'SUPPORT_KIND_OUTREACH',
    person: syntheticPerson(),
    alleged_perpetrators: [person],
  };
  const { referral_id: id } = ok(await as(sender).post('/v1/referrals', sent));
  const identified = `SELECT count(*) AS n FROM referral WHERE id = '${id}' AND cardinality(person_ids) = 2`;
  await waitFor(async () => (await countOf(platform, 'referral', identified)) === 1, {
    what: 'the persons of the referral',
  });
  const path = `/v1/referrals/${id}`;
  const blocked = [sender, 'intake-worker@provider'];
  for (const user of blocked) expect(await statusOf(user, path)).toBe(200);
  const officer = as('information-governance@council');
  const blocks: string[] = [];
  for (const user_name of blocked) {
    const block = {
      user_name,
      person: { nhs_number: person.nhs_number },
      reason: 'A relative of the person.',
    };
    blocks.push(ok(await officer.post('/v1/conflict-blocks', block)).conflict_block_id);
  }
  for (const user of blocked) {
    await within(user, path, 404);
    expect(JSON.stringify(ok(await as(user).get('/v1/referrals?page_size=200')))).not.toContain(id);
  }
  const accept = await as('intake-worker@provider').post(`${path}:accept`, {}, { 'if-match': '*' });
  expect(accept.status).toBe(404);
  // The sender who sends again is answered as the first time, and learns nothing new.
  expect(ok(await as(sender).post('/v1/referrals', sent)).status).toBe('REFERRAL_STATUS_SUBMITTED');
  for (const block of blocks) {
    ok(await officer.post(`/v1/conflict-blocks/${block}:end`, {}, { 'if-match': '*' }));
  }
  for (const user of blocked) await within(user, path, 200);
});
