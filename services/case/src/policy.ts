import { ALL_CLASSES, abilityOf, type Caller, type Policy, type Privacy } from '@midas/kit';
import type { Prisma } from '../gen/prisma/client.ts';

/**
 * Who may do what here: the rows of the access table that name cases, contacts and groups. Fields of a rule
 * are privacy classes; what no rule grants is refused.
 */
interface Rule {
  readonly action: 'read' | 'allocate' | 'contact' | 'close' | 'manage' | 'join' | 'attend';
  readonly subject: 'Case' | 'Contact' | 'Group' | 'GroupMember' | 'CaseForHealth';
  readonly fields?: readonly Privacy[];
  readonly conditions?:
    | Prisma.CaseWhereInput
    | Prisma.ContactWhereInput
    | Prisma.GroupWhereInput
    | Prisma.GroupMemberWhereInput;
}

/** A full-scope relationship, but for addresses. */
const FULL = ['NONE', 'PERSONAL', 'SPECIAL_CATEGORY', 'FREE_TEXT'] as const;
/** Neither notes nor addresses. */
const SUMMARY = ['NONE', 'PERSONAL'] as const;

/** Assigned cases in full with addresses; the team's cases without notes and addresses. */
const caseWorker = ({ userName, teams }: Caller): readonly Rule[] => {
  const assigned = { worker: userName };
  const team = { team: { in: [...teams] } };
  return [
    { action: 'read', subject: 'Case', fields: ALL_CLASSES, conditions: assigned },
    { action: 'read', subject: 'Case', fields: SUMMARY, conditions: team },
    { action: 'contact', subject: 'Case', conditions: assigned },
    { action: 'read', subject: 'Contact', fields: ALL_CLASSES, conditions: { case: { is: assigned } } },
    { action: 'read', subject: 'Contact', fields: SUMMARY, conditions: { case: { is: team } } },
    { action: 'read', subject: 'Group', fields: SUMMARY },
    { action: 'join', subject: 'Group' },
    { action: 'join', subject: 'Case', conditions: assigned },
    { action: 'read', subject: 'GroupMember', fields: ALL_CLASSES, conditions: { case: { is: assigned } } },
  ];
};

/** All cases of the provider; allocates them and closes them. */
const serviceManager: readonly Rule[] = [
  { action: 'read', subject: 'Case', fields: FULL },
  { action: 'allocate', subject: 'Case' },
  { action: 'close', subject: 'Case' },
  { action: 'read', subject: 'Contact', fields: FULL },
  { action: 'read', subject: 'Group', fields: SUMMARY },
  { action: 'join', subject: 'Group' },
  { action: 'join', subject: 'Case' },
  { action: 'read', subject: 'GroupMember', fields: FULL },
];

/** Own groups, and of their members the first name and the safe contact, its note included. */
const groupFacilitator = ({ userName }: Caller): readonly Rule[] => [
  { action: 'manage', subject: 'Group' },
  { action: 'read', subject: 'Group', fields: SUMMARY, conditions: { facilitator: userName } },
  { action: 'attend', subject: 'Group', conditions: { facilitator: userName } },
  {
    action: 'read',
    subject: 'GroupMember',
    fields: ['NONE', 'PERSONAL', 'FREE_TEXT'],
    conditions: { group: { is: { facilitator: userName } } },
  },
];

const byRole: ReadonlyMap<string, (caller: Caller) => readonly Rule[]> = new Map<
  string,
  (caller: Caller) => readonly Rule[]
>([
  ['case-worker', caseWorker],
  ['service-manager', () => serviceManager],
  ['group-facilitator', groupFacilitator],
]);

const byService: ReadonlyMap<string, readonly Rule[]> = new Map<string, readonly Rule[]>([
  ['service:health-access', [{ action: 'read', subject: 'CaseForHealth', fields: SUMMARY }]],
]);

/** A token that holds one of these beside a survivor-side role is refused everywhere. */
const WALLED = ['programme-facilitator', 'programme-manager', 'commissioner'];

function rulesFor(caller: Caller): readonly Rule[] {
  if (caller.kind === 'service') return caller.roles.flatMap((role) => byService.get(role) ?? []);
  if (caller.kind !== 'user' || !caller.userName || caller.organisationKind !== 'provider') return [];
  if (caller.roles.some((role) => WALLED.includes(role))) return [];
  return caller.roles.flatMap((role) => byRole.get(role)?.(caller) ?? []);
}

export const policy = {
  abilityFor: (caller: Caller) => abilityOf(rulesFor(caller)),
} satisfies Policy;
