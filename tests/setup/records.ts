import { waitFor } from '@midas/kit/testing';
import { dashAnswers, syntheticPerson } from './people.ts';
import { ok, type Rest } from './rest.ts';

/** An existing record, and who made it. */
export interface ExistingRecord {
  readonly id: string;
  readonly maker: string;
}

export type As = (userName: string) => Rest;

/** One record of every kind that a path can name, by the name of the path variable. */
export async function existingRecords(as: As): Promise<Readonly<Record<string, ExistingRecord>>> {
  const victim = syntheticPerson();
  const perpetrator = syntheticPerson({ gender: 'GENDER_MALE' });
  const make = async (maker: string, path: string, body: object, name: string) => {
    const made = ok(await as(maker).post(path, body));
    return { id: String(made[name]), maker };
  };
  const person = { person: victim, alleged_perpetrators: [perpetrator], consent_given: true };
  const referral = { kind: 'REFERRAL_KIND_POLICE', support: 'SUPPORT_KIND_IDVA', ...person };
  const accepted = await make('referrer@police', '/v1/referrals', referral, 'referral_id');
  const caseId = await openedCase(as, accepted.id);
  ok(
    await as('case-worker@provider').post(`/v1/cases/${caseId}/share-grants`, {
      ...shareGrant,
      organisation: 'ccg',
      scope: 'SHARE_SCOPE_HEALTH',
    }),
  );
  const plan = await make('health-navigator@ccg', '/v1/health-plans', { case_id: caseId }, 'health_plan_id');
  const need = ok(
    await as(plan.maker).post(`/v1/health-plans/${plan.id}/needs`, {
      kind: 'HEALTH_NEED_KIND_GP_REGISTRATION',
    }),
  );
  const group = {
    programme: 'GROUP_PROGRAMME_FREEDOM',
    name: 'A group of another',
    starts_at: '2017-09-01T10:00:00Z',
  };
  const enrolment = { participant: perpetrator, partner: victim, route: 'PROGRAMME_REFERRAL_ROUTE_SELF' };
  const marac = {
    victim,
    perpetrators: [perpetrator],
    incident: { occurred_at: '2017-06-01T21:30:00Z', criminal: true },
    criteria: ['MARAC_CRITERION_SCORE'],
  };
  const governance = 'information-governance@provider';
  const named = { nhs_number: syntheticPerson().nhs_number };
  const subject = await make(
    governance,
    '/v1/subject-requests',
    { person: named, reference: 'asking/1' },
    'subject_request_id',
  );
  return {
    subject_request_id: subject,
    legal_hold_id: await make(
      governance,
      `/v1/subject-requests/${subject.id}/legal-holds`,
      { reason: 'A court asked for the records to be kept.' },
      'legal_hold_id',
    ),
    retention_run_id: await make(governance, '/v1/retention-runs', {}, 'retention_run_id'),
    referral_id: accepted,
    incident_id: await make(
      'referrer@police',
      '/v1/incidents',
      { ...incidentOf(victim), risk_answers: dashAnswers(15) },
      'incident_id',
    ),
    case_id: { id: caseId, maker: 'case-worker@provider' },
    share_grant_id: await make(
      'case-worker@provider',
      `/v1/cases/${caseId}/share-grants`,
      shareGrant,
      'share_grant_id',
    ),
    break_glass_id: await make(
      'case-worker-2@provider',
      '/v1/break-glass',
      { person: named, reason: 'She is at the door of the refuge without her papers.' },
      'break_glass_id',
    ),
    conflict_block_id: await make(
      governance,
      '/v1/conflict-blocks',
      { user_name: 'volunteer@provider', person: named, reason: 'They are related.' },
      'conflict_block_id',
    ),
    group_id: await make('group-facilitator@provider', '/v1/groups', group, 'group_id'),
    health_plan_id: plan,
    health_referral_id: await make(
      plan.maker,
      `/v1/health-plans/${plan.id}/referrals`,
      { health_need_id: need.health_need_id, service: 'gp-surgery' },
      'health_referral_id',
    ),
    participant_id: await make(
      'programme-manager@provider',
      '/v1/programme/participants',
      enrolment,
      'participant_id',
    ),
    assessment_id: await make(
      'case-worker@provider',
      '/v1/assessments',
      { person: victim, risk_answers: dashAnswers(15) },
      'assessment_id',
    ),
    marac_referral_id: await make(
      'marac-representative@police',
      '/v1/marac-referrals',
      marac,
      'marac_referral_id',
    ),
  };
}

/** A share of a case with the housing service, by consent. */
export const shareGrant = {
  organisation: 'housing',
  purpose: 'direct-care',
  scope: 'SHARE_SCOPE_SUMMARY',
  lawful_basis: 'LAWFUL_BASIS_CONSENT',
  consent_given: true,
  expires_at: new Date(Date.now() + 86_400_000).toISOString(),
};

/** An incident as the police report it. */
export function incidentOf(victim: object) {
  return {
    source_system: 'asking',
    source_reference: crypto.randomUUID(),
    occurred_at: '2017-06-01T21:30:00Z',
    kind: 'INCIDENT_KIND_CRIME',
    victim,
  };
}

/** Accepts a referral, and allocates the case that opens for it to a worker of the team idva. */
async function openedCase(as: As, referralId: string): Promise<string> {
  const path = `/v1/referrals/${referralId}`;
  const intake = as('intake-worker@provider');
  const version = async (rest: Rest, of: string) => ({
    'if-match': (await rest.get(of)).headers.get('etag') ?? '',
  });
  ok(await intake.post(`${path}:accept`, {}, await version(intake, path)));
  const manager = as('service-manager@provider');
  const found = async () => ok(await manager.get(`/v1/cases?referral_id=${referralId}`)).cases?.[0]?.case_id;
  const caseId: string = await waitFor(found, { what: 'the case', timeoutMs: 20_000 });
  const allocation = { worker: 'case-worker@provider', team: 'idva' };
  ok(
    await manager.post(
      `/v1/cases/${caseId}:allocate`,
      allocation,
      await version(manager, `/v1/cases/${caseId}`),
    ),
  );
  return caseId;
}
