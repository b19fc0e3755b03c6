import type { Caller } from '@midas/kit';
import { RelationKind, ShareScope } from '@midas/proto/case/v1/access';

/** In which way a caller stands to a record. `any`: no record is asked for, or it is nobody's. */
export const RELATIONSHIPS = [
  'any',
  'none',
  'own',
  'recorded',
  'assigned',
  'team',
  'provider',
  'listed',
  'break-glass',
  'shared-summary',
  'shared-health',
  'shared-full',
  'blocked',
] as const;
export type Relationship = (typeof RELATIONSHIPS)[number];

/** A record as a policy sees it. */
export type Row = Readonly<Record<string, unknown>>;

const PERSON = '11111111-1111-4111-8111-111111111111';
const OTHER_PERSON = '22222222-2222-4222-8222-222222222222';
const CASE = '33333333-3333-4333-8333-333333333333';

/** Somebody who holds one role. */
export const callerWith = (role: string, organisationKind: string): Caller => ({
  kind: role.startsWith('service:') ? 'service' : 'user',
  subject: 'subject-of-the-caller',
  userName: role.startsWith('service:') ? '' : `${role}@here`,
  client: 'midas-web',
  organisation: 'here',
  organisationKind,
  roles: [role],
  teams: ['team-of-the-caller'],
  purpose: 'direct-care',
  via: 'gateway',
});

const SCOPES = { 'shared-summary': 'SUMMARY', 'shared-health': 'HEALTH', 'shared-full': 'FULL' } as const;

const scopeOf = (relationship: Relationship): 'SUMMARY' | 'HEALTH' | 'FULL' | undefined =>
  Object.entries(SCOPES).find(([name]) => name === relationship)?.[1];

/** What `case` itself holds of a caller who stands to the sample person in this way. */
export function factsInCase(relationship: Relationship) {
  const scope = scopeOf(relationship === 'blocked' ? 'shared-full' : relationship);
  const here = { caseId: CASE, personId: PERSON };
  return {
    blockedPersonIds: relationship === 'blocked' ? [PERSON] : [],
    brokenGlass: relationship === 'break-glass' || relationship === 'blocked' ? [here] : [],
    shared: scope === undefined ? [] : [{ ...here, scope }],
  };
}

/** The same as `case` tells the other services, and whether MARAC is about the person. */
export function factsElsewhere(relationship: Relationship) {
  const kinds: Partial<Record<Relationship, readonly RelationKind[]>> = {
    assigned: [RelationKind.ASSIGNED],
    team: [RelationKind.TEAM],
    'break-glass': [RelationKind.BREAK_GLASS],
    blocked: [RelationKind.ASSIGNED, RelationKind.BREAK_GLASS],
  };
  const scope = scopeOf(relationship === 'blocked' ? 'shared-full' : relationship);
  const relation = { personId: PERSON, caseId: CASE };
  return {
    relations: [
      ...(kinds[relationship] ?? []).map((kind) => ({
        ...relation,
        kind,
        scope: ShareScope.UNSPECIFIED,
        purpose: '',
      })),
      ...(scope === undefined
        ? []
        : [
            {
              ...relation,
              kind: RelationKind.SHARED,
              scope: ShareScope[scope],
              purpose: 'direct-care',
            },
          ]),
    ],
    blockedPersonIds: relationship === 'blocked' ? [PERSON] : [],
    listedPersonIds: relationship === 'listed' || relationship === 'blocked' ? [PERSON] : [],
  };
}

type Sample = (caller: Caller, relationship: Relationship) => Row | undefined;

const only =
  (
    relationships: readonly Relationship[],
    sample: (caller: Caller, relationship: Relationship) => Row,
  ): Sample =>
  (caller, relationship) =>
    relationships.includes(relationship) ? sample(caller, relationship) : undefined;

const OF_CASES = [
  'none',
  'assigned',
  'team',
  'provider',
  'break-glass',
  'shared-summary',
  'shared-health',
  'shared-full',
  'blocked',
] as const;

const caseRow = ({ userName, organisation, teams }: Caller, relationship: Relationship): Row => {
  const isWorkers = relationship === 'assigned' || relationship === 'blocked';
  const isHere = isWorkers || ['team', 'provider', 'break-glass'].includes(relationship);
  return {
    id: CASE,
    personId: PERSON,
    concerns: [PERSON, OTHER_PERSON],
    organisation: isHere ? organisation : 'elsewhere',
    worker: isWorkers ? userName : 'somebody@else',
    team: relationship === 'team' ? teams[0] : 'another-team',
  };
};

const groupRow = ({ userName, organisation }: Caller, relationship: Relationship): Row => ({
  facilitator: relationship === 'own' ? userName : 'somebody@else',
  organisation: relationship === 'none' ? 'elsewhere' : organisation,
});

const ownOrganisation = ({ organisation }: Caller, relationship: Relationship): Row => ({
  organisation: relationship === 'none' ? 'elsewhere' : organisation,
  concerns: [PERSON],
});

const sent = (caller: Caller, relationship: Relationship): Row => ({
  ...ownOrganisation(caller, relationship),
  status: 'SUBMITTED',
  personIds: [PERSON, OTHER_PERSON],
});

const ofRisk = [...OF_CASES, 'own', 'recorded', 'listed'] as const;
const riskRow = ({ subject, organisation }: Caller, relationship: Relationship): Row => ({
  // What was recorded a moment ago is about nobody known yet.
  personId: relationship === 'recorded' ? null : PERSON,
  victimPersonId: relationship === 'recorded' ? null : PERSON,
  perpetratorPersonIds: [OTHER_PERSON],
  recordedBy: relationship === 'recorded' || relationship === 'blocked' ? subject : 'another-subject',
  organisation: ['own', 'recorded', 'blocked'].includes(relationship) ? organisation : 'elsewhere',
});

/** A record of each subject of the policies, in the relationships that it can be in. */
const samples: Readonly<Record<string, Sample>> = {
  Case: only(OF_CASES, caseRow),
  SharedCase: only(OF_CASES, caseRow),
  Contact: only(OF_CASES, (caller, relationship) => ({ case: caseRow(caller, relationship) })),
  ShareGrant: only([...OF_CASES, 'own'], (caller, relationship) => ({
    owner: relationship === 'own' ? caller.userName : 'somebody@else',
    case: caseRow(caller, relationship === 'own' ? 'assigned' : relationship),
  })),
  Group: only(['none', 'own', 'provider', 'assigned'], groupRow),
  GroupMember: only(['none', 'own', 'provider', 'assigned', 'blocked'], (caller, relationship) => ({
    case: caseRow(caller, relationship === 'own' ? 'provider' : relationship),
    group: groupRow(caller, relationship),
  })),
  BreakGlass: only(['none', 'own'], ({ userName }, relationship) => ({
    openedBy: relationship === 'own' ? userName : 'somebody@else',
    personId: PERSON,
  })),
  ConflictBlock: only(['none'], () => ({
    userName: 'somebody@else',
    blockedBy: 'another@else',
    personId: PERSON,
    otherPersonIds: [],
  })),
  SubjectRequest: only(['none', 'own', 'blocked'], ownOrganisation),
  LegalHold: only(['none', 'own', 'blocked'], (caller, relationship) => ({
    request: ownOrganisation(caller, relationship),
  })),
  RetentionRun: only(['any'], () => ({})),
  Report: only(['any'], () => ({})),
  HealthPlan: only(
    ['none', 'assigned', 'shared-summary', 'shared-health', 'shared-full', 'blocked'],
    ({ userName }, relationship) => ({
      personId: PERSON,
      caseId: CASE,
      navigator: relationship === 'assigned' || relationship === 'blocked' ? userName : 'somebody@else',
    }),
  ),
  Participant: only(['none', 'own'], ({ userName }, relationship) => ({
    facilitator: relationship === 'own' ? userName : 'somebody@else',
  })),
  ParticipantExport: only(['none', 'own'], () => ({})),
  Incident: only(['none', 'own', 'blocked'], sent),
  Referral: only(['none', 'own', 'blocked'], sent),
  Assessment: only(ofRisk, riskRow),
  MaracReferral: only(ofRisk, riskRow),
};

/** The record of a subject to which the caller stands in this way; undefined when that cannot be. */
export const sampleOf = (subject: string, caller: Caller, relationship: Relationship): Row | undefined =>
  samples[subject]?.(caller, relationship);

export const hasSamples = (subject: string): boolean => Object.hasOwn(samples, subject);

/** In which way somebody stands to a record that he or she has just made; undefined when there is no such record. */
export const standingOfMaker = (subject: string, caller: Caller): Relationship | undefined =>
  (['recorded', 'own', 'assigned', 'none', 'any'] as const).find(
    (relationship) => sampleOf(subject, caller, relationship) !== undefined,
  );
