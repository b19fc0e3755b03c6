import { waitFor } from '@midas/kit/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashAnswers, syntheticPerson } from '../setup/people.ts';
import { type Platform, testPlatform } from '../setup/platform.ts';
import { ok, rest } from '../setup/rest.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());

const as = (userName: string) => rest(platform.gatewayUrl, userName);

async function measures(): Promise<Readonly<Record<string, number>>> {
  const report = ok(await as('commissioner@council').get('/v1/reports/commissioners'));
  return Object.fromEntries(
    report.measures.map(({ id, value }: { id: string; value: number }) => [id, value]),
  );
}

test('one survivor, from the police report to the row of the report', { timeout: 120_000 }, async () => {
  const before = await measures();
  const victim = syntheticPerson();
  const perpetrator = syntheticPerson({ gender: 'GENDER_MALE' });
  const reference = crypto.randomUUID();

  // Victim Support reports the incident with 15 yes answers: high risk.
  const incident = ok(
    await as('referrer@victim-support').post('/v1/incidents', {
      source_system: 'vs-feed',
      source_reference: reference,
      occurred_at: '2017-06-01T21:30:00Z',
      reported_at: '2017-06-02T09:00:00Z',
      kind: 'INCIDENT_KIND_CRIME',
      victim,
      perpetrators: [perpetrator],
      risk_answers: dashAnswers(15),
    }),
  );
  expect(incident.incident_id).toMatch(/^[0-9a-f-]{36}$/);

  // Two MARAC referrals of the same couple within a year: the second is a repeat by rule.
  const refer = async (referredAt: string, incidentAt: string) =>
    ok(
      await as('marac-representative@police').post('/v1/marac-referrals', {
        victim,
        perpetrators: [perpetrator],
        incident: { occurred_at: incidentAt, criminal: true },
        criteria: ['MARAC_CRITERION_SCORE'],
        referred_at: referredAt,
      }),
    );
  await refer('2017-06-03T09:00:00Z', '2017-06-01T21:30:00Z');
  const second = await refer('2017-11-03T09:00:00Z', '2017-11-01T20:00:00Z');
  const coordinator = as('marac-coordinator@council');
  await waitFor(
    async () =>
      ok(await coordinator.get(`/v1/marac-referrals/${second.marac_referral_id}`)).repeat ===
      'REPEAT_FINDING_REPEAT',
    { what: 'the repeat finding' },
  );
  const listed = await coordinator.get(`/v1/marac-referrals/${second.marac_referral_id}`);
  const heard = ok(
    await coordinator.post(
      `/v1/marac-referrals/${second.marac_referral_id}:hear`,
      { heard_at: '2017-11-10T10:00:00Z', minutes: 'Heard; actions agreed.' },
      { 'if-match': listed.headers.get('etag') ?? '' },
    ),
  );
  expect(heard.status).toBe('MARAC_STATUS_HEARD');

  // Police refer her to the IDVA service; intake accepts; a case opens by itself.
  const referral = ok(
    await as('referrer@police').post('/v1/referrals', {
      kind: 'REFERRAL_KIND_POLICE',
      support: 'SUPPORT_KIND_IDVA',
      referred_at: '2017-06-05T10:00:00Z',
      person: victim,
      alleged_perpetrators: [perpetrator],
      consent_given: true,
    }),
  );
  const intake = as('intake-worker@provider');
  const seen = await intake.get(`/v1/referrals/${referral.referral_id}`);
  const accepted = ok(
    await intake.post(
      `/v1/referrals/${referral.referral_id}:accept`,
      { occurred_at: '2017-06-05T14:00:00Z' },
      { 'if-match': seen.headers.get('etag') ?? '' },
    ),
  );
  expect(accepted.status).toBe('REFERRAL_STATUS_ACCEPTED');

  const manager = as('service-manager@provider');
  const found = async () =>
    ok(await manager.get(`/v1/cases?referral_id=${referral.referral_id}`)).cases ?? [];
  await waitFor(async () => (await found()).length === 1, { what: 'the case' });
  const [{ case_id: caseId }] = await found();
  ok(
    await manager.post(
      `/v1/cases/${caseId}:allocate`,
      { worker: 'case-worker@provider', team: 'idva', occurred_at: '2017-06-06T09:00:00Z' },
      { 'if-match': (await manager.get(`/v1/cases/${caseId}`)).headers.get('etag') ?? '' },
    ),
  );

  // An attempt first, then the safe conversation in which she accepts support.
  const worker = as('case-worker@provider');
  const contact = (more: object) =>
    worker.post(`/v1/cases/${caseId}/contacts`, { channel: 'CONTACT_CHANNEL_PHONE', safe: true, ...more });
  ok(await contact({ occurred_at: '2017-06-06T10:00:00Z' }));
  ok(await contact({ occurred_at: '2017-06-07T10:00:00Z', two_way: true, support_accepted: true }));
  const engaged = ok(await worker.get(`/v1/cases/${caseId}`));
  expect(engaged.engaged_at).toBe('2017-06-07T10:00:00Z');
  expect(engaged.person.family_name).toBe(victim.family_name);

  // She joins the Freedom Programme and comes to two sessions: one person in the figures.
  const facilitator = as('group-facilitator@provider');
  const group = ok(
    await facilitator.post('/v1/groups', {
      programme: 'GROUP_PROGRAMME_FREEDOM',
      name: `Journey ${reference}`,
      starts_at: '2017-09-01T10:00:00Z',
    }),
  );
  const member = ok(await worker.post(`/v1/groups/${group.group_id}/members`, { case_id: caseId }));
  for (const heldAt of ['2017-09-01T10:00:00Z', '2017-09-08T10:00:00Z']) {
    const session = ok(
      await facilitator.post(`/v1/groups/${group.group_id}/sessions`, {
        held_at: heldAt,
        attended_member_ids: [member.member_id],
      }),
    );
    expect(session.attended_count).toBe(1);
  }

  const expected = {
    'incidents.high': 1,
    'incidents.total': 1,
    'marac_2017.referred': 2,
    'marac_2017.repeats': 1,
    'idva.referred': 1,
    'freedom_programme.attended': 1,
  };
  await waitFor(
    async () => {
      const now = await measures();
      return Object.entries(expected).every(([id, more]) => now[id] === (before[id] ?? 0) + more);
    },
    { what: 'every figure of the report to have moved', timeoutMs: 30_000 },
  );
});
