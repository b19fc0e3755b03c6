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
import type { CallerFacts } from '@midas/proto/case/v1/access';
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
  readonly inverted?: true;
}

/** What was sent goes in whoever is away: neither asks for facts. */
const SENDING = ['report', 'submit'];

/** Sees again whatever its organisation sent, addresses too, and the status; nothing of triage. */
const sender = ({ organisation }: Caller): readonly Rule[] => [
  { action: 'report', subject: 'Incident' },
  { action: 'submit', subject: 'Referral' },
  { action: 'read', subject: 'Incident', fields: ALL_CLASSES, conditions: { organisation } },
  { action: 'read', subject: 'Referral', fields: ALL_CLASSES, conditions: { organisation } },
];

/** Triages all referrals, without addresses, and takes self-referrals. Its row names no incidents. */
const intakeWorker = (): readonly Rule[] => [
  { action: 'submit', subject: 'Referral' },
  { action: 'triage', subject: 'Referral' },
  { action: 'see-triage', subject: 'Referral' },
  {
    action: 'read',
    subject: 'Referral',
    fields: ['NONE', 'PERSONAL', 'SPECIAL_CATEGORY', 'FREE_TEXT'],
  },
];

const acceptedReferrals: readonly Rule[] = [
  { action: 'read', subject: 'Referral', fields: ALL_CLASSES, conditions: { status: 'ACCEPTED' } },
];
const incidents: readonly Rule[] = [{ action: 'read', subject: 'Incident', fields: ALL_CLASSES }];

const byRole: ReadonlyMap<string, (caller: Caller) => readonly Rule[]> = new Map([
  ['referrer', sender],
  ['partner-system', sender],
  ['intake-worker', intakeWorker],
]);

const byService: ReadonlyMap<string, readonly Rule[]> = new Map([
  ['service:case', acceptedReferrals],
  ['service:risk', incidents],
]);

/** A conflict of interest takes away whatever was granted. A row that is not identified yet could be about anyone. */
function withheld({ blockedPersonIds }: CallerFacts): readonly Rule[] {
  if (blockedPersonIds.length === 0) return [];
  const conditions = {
    OR: [{ personIds: { isEmpty: true } }, { personIds: { hasSome: [...blockedPersonIds] } }],
  };
  const from = (subject: Rule['subject'], actions: readonly Rule['action'][]): readonly Rule[] =>
    actions.map((action) => ({ action, subject, conditions, inverted: true }));
  return [...from('Incident', ['read']), ...from('Referral', ['read', 'see-triage', 'triage'])];
}

/** The rules of a caller of whom these facts hold. */
export function rulesFor(caller: Caller, facts: CallerFacts): readonly Rule[] {
  if (caller.kind === 'service') return caller.roles.flatMap((role) => byService.get(role) ?? []);
  if (caller.kind !== 'user' || !caller.organisation) return [];
  return [...caller.roles.flatMap((role) => byRole.get(role)?.(caller) ?? []), ...withheld(facts)];
}

/** Whether it matters who a user is to the persons of what is asked for. Nobody is blocked who is no person. */
export function factsMatter({ roles }: Caller, asked: AccessRule): boolean {
  if (asked.kind === 'permission' && SENDING.includes(asked.action)) return false;
  return roles.some((role) => role !== 'partner-system' && byRole.has(role));
}

export const policy = (factsOf: Facts<CallerFacts>): Policy => ({
  abilityFor: async (caller, asked) =>
    abilityOf([...rulesFor(caller, await factsOf(caller, asked)), ...subjectRecordsRules(caller)]),
});
