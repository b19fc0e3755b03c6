import { ALL_CLASSES, abilityOf, type Caller, type Policy, type Privacy } from '@midas/kit';
import type { Prisma } from '../gen/prisma/client.ts';

/**
 * Who may do what here: the rows of the access table that name referrals or incidents. Fields of a rule are
 * privacy classes; what no rule grants is refused.
 */
interface Rule {
  readonly action: 'read' | 'see-triage' | 'report' | 'submit' | 'triage';
  readonly subject: 'Incident' | 'Referral';
  readonly fields?: readonly Privacy[];
  readonly conditions?: Prisma.IncidentWhereInput | Prisma.ReferralWhereInput;
}

const FULL = ['NONE', 'PERSONAL', 'SPECIAL_CATEGORY', 'FREE_TEXT'] as const;
const SUMMARY = ['NONE', 'PERSONAL'] as const;

/** Sees again whatever its organisation sent, addresses too, and the status; nothing of triage. */
const sender = ({ organisation }: Caller): readonly Rule[] => [
  { action: 'report', subject: 'Incident' },
  { action: 'submit', subject: 'Referral' },
  { action: 'read', subject: 'Incident', fields: ALL_CLASSES, conditions: { organisation } },
  { action: 'read', subject: 'Referral', fields: ALL_CLASSES, conditions: { organisation } },
];

/** Triages all referrals and takes self-referrals. */
const intakeWorker: readonly Rule[] = [
  { action: 'submit', subject: 'Referral' },
  { action: 'triage', subject: 'Referral' },
  { action: 'see-triage', subject: 'Referral' },
  { action: 'read', subject: 'Referral', fields: FULL },
  { action: 'read', subject: 'Incident', fields: FULL },
];

/** Oversees the front door; words and answers need a relationship, which a manager has to no referral. */
const serviceManager: readonly Rule[] = [
  { action: 'see-triage', subject: 'Referral' },
  { action: 'read', subject: 'Referral', fields: SUMMARY },
  { action: 'read', subject: 'Incident', fields: SUMMARY },
];

const acceptedReferrals: readonly Rule[] = [
  { action: 'read', subject: 'Referral', fields: ALL_CLASSES, conditions: { status: 'ACCEPTED' } },
];
const incidents: readonly Rule[] = [{ action: 'read', subject: 'Incident', fields: ALL_CLASSES }];

type RulesOf = (caller: Caller) => readonly Rule[];

const ofProvider =
  (rules: readonly Rule[]): RulesOf =>
  ({ organisationKind }) =>
    organisationKind === 'provider' ? rules : [];

const byRole: ReadonlyMap<string, RulesOf> = new Map([
  ['referrer', sender],
  ['partner-system', sender],
  ['intake-worker', ofProvider(intakeWorker)],
  ['service-manager', ofProvider(serviceManager)],
]);

const byService: ReadonlyMap<string, readonly Rule[]> = new Map([
  ['service:case', acceptedReferrals],
  ['service:risk', incidents],
]);

/** A token that holds one of these beside a survivor-side role is refused everywhere. */
const WALLED = ['programme-facilitator', 'programme-manager', 'commissioner'];

function rulesFor(caller: Caller): readonly Rule[] {
  if (caller.kind === 'service') return caller.roles.flatMap((role) => byService.get(role) ?? []);
  if (caller.kind !== 'user' || !caller.organisation) return [];
  if (caller.roles.some((role) => WALLED.includes(role))) return [];
  return caller.roles.flatMap((role) => byRole.get(role)?.(caller) ?? []);
}

export const policy = {
  abilityFor: (caller: Caller) => abilityOf(rulesFor(caller)),
} satisfies Policy;
