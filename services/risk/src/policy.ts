import {
  type AccessRule,
  ALL_CLASSES,
  abilityOf,
  type Caller,
  type Facts,
  type Policy,
  type Privacy,
  subjectRecordsRules,
} from '@midas/kit';
import { type CallerFacts, RelationKind, ShareScope } from '@midas/proto/case/v1/access';
import type { Prisma } from '../gen/prisma/client.ts';

/**
 * Who may do what here: the rows of the access table that name risk or MARAC. Fields of a rule are privacy classes;
 * what no rule grants is refused. `see-basis` is how an assessment came to its level, `see-minutes` what a meeting noted.
 */
interface Rule {
  readonly action: 'read' | 'see-basis' | 'assess' | 'see-minutes' | 'refer' | 'hear';
  readonly subject: 'Assessment' | 'MaracReferral';
  readonly fields?: readonly Privacy[];
  readonly conditions?: Prisma.AssessmentWhereInput | Prisma.MaracReferralWhereInput;
  readonly inverted?: true;
}

/** What the rules rest on beside the token: what `case` says of the caller, and of our own whom MARAC is about. */
export interface RiskFacts extends CallerFacts {
  readonly listedPersonIds: readonly string[];
}

/** What is recorded goes in whoever is away: neither asks for facts. */
const RECORDING = ['assess', 'refer'];

const FULL = ['NONE', 'PERSONAL', 'SPECIAL_CATEGORY', 'FREE_TEXT'] as const;
const SUMMARY = ['NONE', 'PERSONAL'] as const;

/** Persons to whom the caller stands in one of these relationships; of shares, those with one of these scopes. */
function personsBy(
  { relations }: CallerFacts,
  kinds: readonly RelationKind[],
  scopes: readonly ShareScope[] = [ShareScope.UNSPECIFIED],
): string[] {
  const fitting = relations.filter(({ kind, scope }) => kinds.includes(kind) && scopes.includes(scope));
  return [...new Set(fitting.map(({ personId }) => personId))];
}

/** Assessments under a condition, and what they rest on. */
const assessments = (
  fields: readonly Privacy[],
  conditions: Prisma.AssessmentWhereInput,
): readonly Rule[] => [
  { action: 'read', subject: 'Assessment', fields, conditions },
  { action: 'see-basis', subject: 'Assessment', conditions },
];

const referrals = (fields: readonly Privacy[], conditions: Prisma.MaracReferralWhereInput): Rule => ({
  action: 'read',
  subject: 'MaracReferral',
  fields,
  conditions,
});

/** The level of these persons and when it was found, nothing of what it rests on. */
const levelOf = (personIds: string[]): Rule => ({
  action: 'read',
  subject: 'Assessment',
  conditions: { personId: { in: personIds } },
});

/** What the caller recorded; it stays with the organisation for which it was recorded. */
const ownWork = ({ subject: recordedBy, organisation }: Caller) => ({ recordedBy, organisation });

/** Makes the first assessment; sees again what he or she recorded. */
const intakeWorker = (caller: Caller): readonly Rule[] => [
  { action: 'assess', subject: 'Assessment' },
  ...assessments(FULL, ownWork(caller)),
];

/**
 * Assigned and opened cases in full with addresses, those of the team without words; and what he or she recorded until it
 * is known whom it is about: from then on it goes with the case.
 */
const caseWorker = (caller: Caller, facts: RiskFacts): readonly Rule[] => {
  const own = { in: personsBy(facts, [RelationKind.ASSIGNED, RelationKind.BREAK_GLASS]) };
  const team = { in: personsBy(facts, [RelationKind.TEAM]) };
  return [
    { action: 'assess', subject: 'Assessment' },
    { action: 'refer', subject: 'MaracReferral' },
    ...assessments(FULL, { ...ownWork(caller), personId: null }),
    ...assessments(ALL_CLASSES, { personId: own }),
    ...assessments(SUMMARY, { personId: team }),
    referrals(FULL, { ...ownWork(caller), victimPersonId: null }),
    referrals(ALL_CLASSES, { victimPersonId: own }),
    referrals(SUMMARY, { victimPersonId: team }),
  ];
};

/** Oversees the provider's own work; words and answers need a relationship to the case. */
const serviceManager = ({ organisation }: Caller): readonly Rule[] => [
  ...assessments(SUMMARY, { organisation }),
  referrals(SUMMARY, { organisation }),
];

/** Runs MARAC: every referral with its minutes, and the assessments of whoever was referred. */
const maracCoordinator = (_: Caller, { listedPersonIds }: RiskFacts): readonly Rule[] => [
  { action: 'read', subject: 'MaracReferral', fields: FULL },
  { action: 'see-minutes', subject: 'MaracReferral' },
  { action: 'hear', subject: 'MaracReferral' },
  ...assessments(FULL, { personId: { in: [...listedPersonIds] } }),
];

/** Refers for an agency; sees what he or she sent, and of colleagues' referrals whom they are about and their state. */
const maracRepresentative = (caller: Caller): readonly Rule[] => [
  { action: 'refer', subject: 'MaracReferral' },
  referrals(FULL, ownWork(caller)),
  referrals(SUMMARY, { organisation: caller.organisation }),
];

/** What is shared with the agency, as far as the scope of the grant reaches. */
const partnerProfessional = (_: Caller, facts: RiskFacts): readonly Rule[] => [
  ...assessments(FULL, { personId: { in: personsBy(facts, [RelationKind.SHARED], [ShareScope.FULL]) } }),
  levelOf(personsBy(facts, [RelationKind.SHARED], [ShareScope.SUMMARY, ShareScope.HEALTH])),
];

/** The level, of whoever is shared for health. */
const healthNavigator = (_: Caller, facts: RiskFacts): readonly Rule[] => [
  levelOf(personsBy(facts, [RelationKind.SHARED], [ShareScope.HEALTH, ShareScope.FULL])),
];

type Grant = (caller: Caller, facts: RiskFacts) => readonly Rule[];

const byRole: ReadonlyMap<string, Grant> = new Map<string, Grant>([
  ['intake-worker', intakeWorker],
  ['case-worker', caseWorker],
  ['service-manager', serviceManager],
  ['marac-coordinator', maracCoordinator],
  ['marac-representative', maracRepresentative],
  ['partner-professional', partnerProfessional],
  ['health-navigator', healthNavigator],
]);

/** A conflict of interest takes away whatever was granted. A row that is not identified yet could be about anyone. */
function withheld({ blockedPersonIds }: CallerFacts): readonly Rule[] {
  if (blockedPersonIds.length === 0) return [];
  const blocked = { in: [...blockedPersonIds] };
  const perpetrator = { perpetratorPersonIds: { hasSome: [...blockedPersonIds] } };
  const from = (
    subject: Rule['subject'],
    actions: readonly Rule['action'][],
    conditions: Rule['conditions'],
  ): readonly Rule[] => actions.map((action) => ({ action, subject, conditions, inverted: true }) as Rule);
  return [
    ...from('Assessment', ['read', 'see-basis'], {
      OR: [{ personId: null }, { personId: blocked }, perpetrator],
    }),
    ...from('MaracReferral', ['read', 'see-minutes', 'hear'], {
      OR: [{ victimPersonId: null }, { victimPersonId: blocked }, perpetrator],
    }),
  ];
}

/** The rules of a caller of whom these facts hold. */
export function rulesFor(caller: Caller, facts: RiskFacts): readonly Rule[] {
  if (caller.kind !== 'user' || !caller.organisation) return [];
  return [...caller.roles.flatMap((role) => byRole.get(role)?.(caller, facts) ?? []), ...withheld(facts)];
}

/** Whether it matters who a user is to the persons of what is asked for. */
export function factsMatter({ roles }: Caller, asked: AccessRule): boolean {
  if (asked.kind === 'permission' && RECORDING.includes(asked.action)) return false;
  return roles.some((role) => byRole.has(role));
}

/** Whether assessments are seen by whom MARAC is about. */
export const needsListed = ({ roles }: Caller): boolean => roles.includes('marac-coordinator');

export const policy = (factsOf: Facts<RiskFacts>): Policy => ({
  abilityFor: async (caller, asked) => {
    const facts = await factsOf(caller, asked);
    return abilityOf([...rulesFor(caller, facts), ...subjectRecordsRules(caller)]);
  },
});
