import { abilityOf, type Caller, type Policy, type Privacy, subjectRecordsRules } from '@midas/kit';
import type { Prisma } from '../gen/prisma/client.ts';

/**
 * Who may do what here: the rows of the access table that name risk or MARAC. Fields of a rule are privacy classes;
 * what no rule grants is refused. LOCATION is granted to nobody: no row that reaches risk says addresses.
 */
interface Rule {
  readonly action: 'read' | 'assess' | 'refer' | 'hear';
  readonly subject: 'Assessment' | 'MaracReferral';
  readonly fields?: readonly Privacy[];
  readonly conditions?: Prisma.AssessmentWhereInput | Prisma.MaracReferralWhereInput;
}

const FULL = ['NONE', 'PERSONAL', 'SPECIAL_CATEGORY', 'FREE_TEXT'] as const;
const SUMMARY = ['NONE', 'PERSONAL'] as const;

/** Makes the first assessment; sees again what he or she recorded. */
const intakeWorker = ({ subject: recordedBy }: Caller): readonly Rule[] => [
  { action: 'assess', subject: 'Assessment' },
  { action: 'read', subject: 'Assessment', fields: FULL, conditions: { recordedBy } },
];

/** Assesses and refers; sees again what he or she recorded. What assignment adds is asked of `case`, not yet here. */
const caseWorker = ({ subject: recordedBy }: Caller): readonly Rule[] => [
  { action: 'assess', subject: 'Assessment' },
  { action: 'refer', subject: 'MaracReferral' },
  { action: 'read', subject: 'Assessment', fields: FULL, conditions: { recordedBy } },
  { action: 'read', subject: 'MaracReferral', fields: FULL, conditions: { recordedBy } },
];

/** Oversees the provider's own work; words and answers need a relationship to the case. */
const serviceManager = ({ organisation }: Caller): readonly Rule[] => [
  { action: 'read', subject: 'Assessment', fields: SUMMARY, conditions: { organisation } },
  { action: 'read', subject: 'MaracReferral', fields: SUMMARY, conditions: { organisation } },
];

/** Runs MARAC: every referral in full. */
const maracCoordinator: readonly Rule[] = [
  { action: 'read', subject: 'MaracReferral', fields: FULL },
  { action: 'hear', subject: 'MaracReferral' },
];

/** Refers for an agency and sees that agency's referrals; agendas of others come with their relationships. */
const maracRepresentative = ({ organisation }: Caller): readonly Rule[] => [
  { action: 'refer', subject: 'MaracReferral' },
  { action: 'read', subject: 'MaracReferral', fields: FULL, conditions: { organisation } },
];

type Grant = (caller: Caller) => readonly Rule[];

const only =
  (kinds: readonly string[], grant: Grant): Grant =>
  (caller) =>
    kinds.includes(caller.organisationKind) ? grant(caller) : [];

const byRole: ReadonlyMap<string, Grant> = new Map([
  ['intake-worker', only(['provider'], intakeWorker)],
  ['case-worker', only(['provider'], caseWorker)],
  ['service-manager', only(['provider'], serviceManager)],
  ['marac-coordinator', only(['council', 'provider'], () => maracCoordinator)],
  ['marac-representative', maracRepresentative],
]);

/** A token that holds one of these beside a survivor-side role is refused everywhere (access.md, the wall). */
const WALLED = ['programme-facilitator', 'programme-manager', 'commissioner'];

function rulesFor(caller: Caller): readonly Rule[] {
  if (caller.kind !== 'user' || !caller.organisation) return [];
  if (caller.roles.some((role) => WALLED.includes(role))) return [];
  return caller.roles.flatMap((role) => byRole.get(role)?.(caller) ?? []);
}

export const policy = {
  abilityFor: (caller: Caller) => abilityOf([...rulesFor(caller), ...subjectRecordsRules(caller)]),
} satisfies Policy;
