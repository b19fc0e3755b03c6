import { waitFor } from '@midas/kit/testing';
import { etag, openCase } from '../setup/cases.ts';
import { dashAnswers, syntheticPerson } from '../setup/people.ts';
import type { Platform } from '../setup/platform.ts';
import { ok, rest } from '../setup/rest.ts';
import type { Ids } from './calls.ts';

const reason = 'A reason that is long enough to be given';

/**
 * One record of every kind, and the names of the demo users who stand in a relationship to them: a case that is assigned to
 * `case-worker@provider` and shared with three organisations, and everything that hangs on it or stands beside it.
 */
export async function makeWorld(platform: Platform): Promise<Ids> {
  const as = (userName: string) => rest(platform.gatewayUrl, userName);
  const person = syntheticPerson();
  const { caseId, referralId } = await openCase(platform.gatewayUrl, person);
  const worker = as('case-worker@provider');
  const grant = async (organisation: string, scope: string): Promise<string> =>
    ok(
      await worker.post(`/v1/cases/${caseId}/share-grants`, {
        organisation,
        purpose: 'direct-care',
        scope: `SHARE_SCOPE_${scope}`,
        lawful_basis: 'LAWFUL_BASIS_CONSENT',
        consent_given: true,
        expires_at: new Date(Date.now() + 86_400_000).toISOString(),
      }),
    ).share_grant_id;
  const spare = await openCase(platform.gatewayUrl, syntheticPerson());
  const shareGrantId = await grant('housing', 'SUMMARY');
  await grant('ccg', 'HEALTH');
  await grant('police', 'FULL');

  const police = as('referrer@police');
  const incident = ok(
    await police.post('/v1/incidents', {
      source_system: 'access',
      source_reference: crypto.randomUUID(),
      occurred_at: '2026-01-01T21:30:00Z',
      kind: 'INCIDENT_KIND_CRIME',
      victim: person,
    }),
  );
  const assessment = ok(await worker.post('/v1/assessments', { person, risk_answers: dashAnswers(15) }));
  const marac = ok(
    await as('marac-representative@police').post('/v1/marac-referrals', {
      victim: person,
      perpetrators: [syntheticPerson()],
      incident: { occurred_at: '2026-01-01T21:30:00Z', criminal: true },
      criteria: ['MARAC_CRITERION_SCORE'],
    }),
  );
  const group = ok(
    await as('group-facilitator@provider').post('/v1/groups', {
      programme: 'GROUP_PROGRAMME_FREEDOM',
      name: 'Tuesday',
      starts_at: '2026-02-01T10:00:00Z',
    }),
  );
  ok(await worker.post(`/v1/groups/${group.group_id}/members`, { case_id: caseId }));

  const navigator = as('health-navigator@ccg');
  const plan = await waitFor(
    async () => {
      const opened = await navigator.post('/v1/health-plans', { case_id: caseId });
      return opened.status < 300 ? opened.body : undefined;
    },
    { what: 'the share to reach health-access' },
  );
  const plans = `/v1/health-plans/${plan.health_plan_id}`;
  const need = ok(await navigator.post(`${plans}/needs`, { kind: 'HEALTH_NEED_KIND_DENTAL' }));
  const healthReferral = ok(
    await navigator.post(`${plans}/referrals`, {
      health_need_id: need.health_need_id,
      service: 'dental-practice',
    }),
  );

  const governance = as('information-governance@council');
  const opened = ok(
    await governance.post('/v1/subject-requests', {
      person: { nhs_number: syntheticPerson().nhs_number },
      reference: 'sar-1',
    }),
  );
  const requests = `/v1/subject-requests/${opened.subject_request_id}`;
  const hold = ok(await governance.post(`${requests}/legal-holds`, { reason }));
  const run = ok(await governance.post('/v1/retention-runs', {}));
  const block = ok(
    await governance.post('/v1/conflict-blocks', {
      user_name: 'nobody@elsewhere',
      person: { nhs_number: syntheticPerson().nhs_number },
      reason,
    }),
  );
  const breakGlass = ok(
    await worker.post('/v1/break-glass', { person: { nhs_number: syntheticPerson().nhs_number }, reason }),
  );
  const participant = ok(
    await as('programme-facilitator@provider').post('/v1/programme/participants', {
      participant: syntheticPerson(),
      partner: syntheticPerson(),
      route: 'PROGRAMME_REFERRAL_ROUTE_SELF',
    }),
  );
  // Whom these are about is found out afterwards; then they follow the case.
  await waitFor(
    async () => {
      const shared = as('partner-professional@police');
      return (await shared.get(`/v1/assessments/${assessment.assessment_id}`)).status === 200;
    },
    { what: 'the person of the assessment', timeoutMs: 30_000 },
  );
  const coordinator = as('marac-coordinator@council');
  const referred = `/v1/marac-referrals/${marac.marac_referral_id}`;
  await waitFor(async () => ok(await coordinator.get(referred)).repeat !== 'REPEAT_FINDING_UNSPECIFIED', {
    what: 'the persons of the MARAC referral',
    timeoutMs: 30_000,
  });
  await etag(coordinator, referred);
  return {
    case_id: caseId,
    spare_case_id: spare.caseId,
    referral_id: referralId,
    share_grant_id: shareGrantId,
    incident_id: incident.incident_id,
    assessment_id: assessment.assessment_id,
    marac_referral_id: marac.marac_referral_id,
    group_id: group.group_id,
    health_plan_id: plan.health_plan_id,
    health_need_id: need.health_need_id,
    health_referral_id: healthReferral.health_referral_id,
    subject_request_id: opened.subject_request_id,
    legal_hold_id: hold.legal_hold_id,
    retention_run_id: run.retention_run_id,
    conflict_block_id: block.conflict_block_id,
    break_glass_id: breakGlass.break_glass_id,
    participant_id: participant.participant_id,
  };
}

const toTheCase = {
  'case-worker@provider': 'assigned',
  'service-manager@provider': 'assigned',
  'case-worker-2@provider': 'provider',
  'partner-professional@housing': 'shared-summary',
  'partner-professional@ccg': 'shared-health',
  'partner-professional@police': 'shared-full',
  'health-navigator@ccg': 'shared-health',
};

/** How the demo users stand to each record of the world. Who is not named stands in no relationship. */
export const standings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Case: toTheCase,
  SharedCase: toTheCase,
  Contact: toTheCase,
  GroupMember: {
    'group-facilitator@provider': 'own',
    'case-worker@provider': 'assigned',
    'service-manager@provider': 'provider',
  },
  Group: {
    'group-facilitator@provider': 'own',
    'case-worker@provider': 'assigned',
    'case-worker-2@provider': 'provider',
    'service-manager@provider': 'provider',
  },
  ShareGrant: { 'case-worker@provider': 'own', 'service-manager@provider': 'provider' },
  BreakGlass: { 'case-worker@provider': 'own' },
  SubjectRequest: { 'information-governance@council': 'own' },
  LegalHold: { 'information-governance@council': 'own' },
  RetentionRun: { 'information-governance@council': 'any', 'information-governance@provider': 'any' },
  Report: {
    'commissioner@council': 'any',
    'commissioner@ccg': 'any',
    'service-manager@provider': 'any',
  },
  HealthPlan: {
    'health-navigator@ccg': 'assigned',
    'partner-professional@housing': 'shared-summary',
    'partner-professional@ccg': 'shared-health',
    'partner-professional@police': 'shared-full',
  },
  Participant: { 'programme-facilitator@provider': 'own' },
  Incident: { 'referrer@police': 'own', 'partner-police': 'own' },
  Referral: { 'referrer@police': 'own', 'partner-police': 'own' },
  Assessment: {
    'case-worker@provider': 'assigned',
    'service-manager@provider': 'own',
    'marac-coordinator@council': 'listed',
    'marac-coordinator@provider': 'listed',
    'partner-professional@housing': 'shared-summary',
    'partner-professional@ccg': 'shared-health',
    'partner-professional@police': 'shared-full',
    'health-navigator@ccg': 'shared-health',
  },
  MaracReferral: {
    'case-worker@provider': 'assigned',
    'marac-representative@police': 'recorded',
  },
};
