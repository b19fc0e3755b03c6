import { ALL_CLASSES, abilityOf, type Caller, type Policy, type Privacy } from '@midas/kit';
import type { Prisma, PrismaClient } from '../gen/prisma/client.ts';
import type { FactStore } from './facts/facts.store.ts';
import { type Facts, NO_FACTS } from './facts/facts.ts';
import { type SubjectRule, subjectRules } from './policy.subjects.ts';

/**
 * Who may do what here: the rows of the access table that name cases, contacts, groups, shares, openings in an
 * emergency and conflicts of interest. Fields of a rule are privacy classes; what no rule grants is refused. Which roles of a caller count is judged before.
 */
export interface Rule {
  readonly action: Action;
  readonly subject: Subject;
  readonly fields?: readonly Privacy[];
  readonly conditions?:
    | Prisma.CaseWhereInput
    | Prisma.ContactWhereInput
    | Prisma.GroupWhereInput
    | Prisma.GroupMemberWhereInput
    | Prisma.ShareGrantWhereInput
    | Prisma.BreakGlassWhereInput
    | Prisma.ConflictBlockWhereInput;
  readonly inverted?: true;
}

type Action =
  | 'read'
  | 'allocate'
  | 'contact'
  | 'close'
  | 'share'
  | 'end'
  | 'decide'
  | 'open'
  | 'review'
  | 'block'
  | 'manage'
  | 'join'
  | 'attend';
type Subject =
  | 'Case'
  | 'Contact'
  | 'Group'
  | 'GroupMember'
  | 'ShareGrant'
  | 'SharedCase'
  | 'CaseForHealth'
  | 'BreakGlass'
  | 'ConflictBlock';

type RulesOf = (caller: Caller, facts: Facts) => readonly Rule[];

/** A full-scope relationship, but for addresses. */
const FULL = ['NONE', 'PERSONAL', 'SPECIAL_CATEGORY', 'FREE_TEXT'] as const;
/** Neither notes nor addresses. */
const SUMMARY = ['NONE', 'PERSONAL'] as const;
/** Codes and times, and the words that account for them. */
const ACCOUNT = ['NONE', 'FREE_TEXT'] as const;

/** Assigned and break-glass cases in full with addresses; the team's cases without notes and addresses. */
const caseWorker: RulesOf = ({ userName, organisation, teams }, { brokenGlass }) => {
  // A case whose provider is not known is left to whoever it was allocated to.
  const assigned = { worker: userName, OR: [{ organisation }, { organisation: null }] };
  const team = { organisation, team: { in: [...teams] } };
  const opened = { id: { in: brokenGlass.map(({ caseId }) => caseId) } };
  return [
    { action: 'read', subject: 'Case', fields: ALL_CLASSES, conditions: assigned },
    { action: 'read', subject: 'Case', fields: SUMMARY, conditions: team },
    { action: 'read', subject: 'Case', fields: ALL_CLASSES, conditions: opened },
    { action: 'contact', subject: 'Case', conditions: assigned },
    { action: 'share', subject: 'Case', conditions: assigned },
    { action: 'join', subject: 'Case', conditions: assigned },
    { action: 'read', subject: 'Contact', fields: ALL_CLASSES, conditions: { case: { is: assigned } } },
    { action: 'read', subject: 'Contact', fields: SUMMARY, conditions: { case: { is: team } } },
    { action: 'read', subject: 'Contact', fields: ALL_CLASSES, conditions: { case: { is: opened } } },
    { action: 'read', subject: 'Group', conditions: { organisation } },
    { action: 'join', subject: 'Group', conditions: { organisation } },
    { action: 'read', subject: 'GroupMember', fields: ALL_CLASSES, conditions: { case: { is: assigned } } },
    { action: 'read', subject: 'ShareGrant', fields: ACCOUNT, conditions: { case: { is: assigned } } },
    { action: 'end', subject: 'ShareGrant', conditions: { case: { is: assigned } } },
    { action: 'decide', subject: 'ShareGrant', conditions: { owner: userName, case: { is: assigned } } },
    { action: 'open', subject: 'BreakGlass' },
    { action: 'read', subject: 'BreakGlass', conditions: { openedBy: userName } },
  ];
};

/** All cases of the provider, without notes and addresses; allocates and closes them, and ends shares of them. */
const serviceManager: RulesOf = ({ organisation }) => {
  const ours = { organisation };
  return [
    { action: 'read', subject: 'Case', fields: SUMMARY, conditions: ours },
    { action: 'allocate', subject: 'Case', conditions: ours },
    { action: 'close', subject: 'Case', conditions: ours },
    { action: 'join', subject: 'Case', conditions: ours },
    { action: 'read', subject: 'Contact', fields: SUMMARY, conditions: { case: { is: ours } } },
    { action: 'read', subject: 'Group', conditions: ours },
    { action: 'join', subject: 'Group', conditions: ours },
    { action: 'read', subject: 'GroupMember', fields: SUMMARY, conditions: { case: { is: ours } } },
    { action: 'read', subject: 'ShareGrant', conditions: { case: { is: ours } } },
    { action: 'end', subject: 'ShareGrant', conditions: { case: { is: ours } } },
    { action: 'decide', subject: 'ShareGrant', conditions: { case: { is: ours } } },
  ];
};

/** Own groups, and of their members the first name and the safe contact, its note included. */
const groupFacilitator: RulesOf = ({ userName, organisation }) => {
  const own = { facilitator: userName, OR: [{ organisation }, { organisation: null }] };
  return [
    { action: 'manage', subject: 'Group' },
    { action: 'read', subject: 'Group', conditions: own },
    { action: 'attend', subject: 'Group', conditions: own },
    {
      action: 'read',
      subject: 'GroupMember',
      fields: ['NONE', 'PERSONAL', 'FREE_TEXT'],
      conditions: { group: { is: own } },
    },
  ];
};

const sharedCases = ({ shared }: Facts, scopes: readonly string[]) => ({
  in: [...new Set(shared.filter(({ scope }) => scopes.includes(scope)).map(({ caseId }) => caseId))],
});

/** Shared cases by scope; with the scope full the case itself, but for addresses. */
const partnerProfessional: RulesOf = (_, facts) => {
  const whole = { id: sharedCases(facts, ['FULL']) };
  const any = { id: sharedCases(facts, ['SUMMARY', 'HEALTH', 'FULL']) };
  return [
    { action: 'read', subject: 'SharedCase', fields: SUMMARY, conditions: any },
    { action: 'read', subject: 'SharedCase', fields: FULL, conditions: whole },
    { action: 'read', subject: 'Case', fields: FULL, conditions: whole },
    { action: 'read', subject: 'Contact', fields: FULL, conditions: { case: { is: whole } } },
  ];
};

/** What is shared for health, and no notes. */
const healthNavigator: RulesOf = (_, facts) => [
  {
    action: 'read',
    subject: 'SharedCase',
    fields: SUMMARY,
    conditions: { id: sharedCases(facts, ['HEALTH', 'FULL']) },
  },
];

/** For a plan that a health-navigator opens: cases shared for health with the navigator's organisation. */
const healthAccess: RulesOf = ({ actingFor }, facts) =>
  actingFor?.roles.includes('health-navigator')
    ? [
        {
          action: 'read',
          subject: 'CaseForHealth',
          fields: SUMMARY,
          conditions: { id: sharedCases(facts, ['HEALTH', 'FULL']) },
        },
      ]
    : [];

/** Openings in an emergency, never the own; conflicts of interest, never the own. Of records nothing. */
const informationGovernance: RulesOf = ({ userName }) => [
  { action: 'read', subject: 'BreakGlass', fields: ACCOUNT },
  { action: 'review', subject: 'BreakGlass', conditions: { openedBy: { not: userName } } },
  { action: 'read', subject: 'ConflictBlock', fields: ACCOUNT, conditions: { userName: { not: userName } } },
  { action: 'read', subject: 'ConflictBlock', fields: ACCOUNT, conditions: { blockedBy: userName } },
  { action: 'block', subject: 'ConflictBlock', conditions: { userName: { not: userName } } },
];

const byRole: ReadonlyMap<string, RulesOf> = new Map<string, RulesOf>([
  ['case-worker', caseWorker],
  ['service-manager', serviceManager],
  ['group-facilitator', groupFacilitator],
  ['partner-professional', partnerProfessional],
  ['health-navigator', healthNavigator],
  ['information-governance', informationGovernance],
  ['service:health-access', healthAccess],
]);

/** A conflict of interest takes everything that concerns the person, whatever was granted. */
function blocks({ userName }: Caller, { blockedPersonIds }: Facts): readonly Rule[] {
  if (blockedPersonIds.length === 0) return [];
  const persons = [...blockedPersonIds];
  const ofCase = { OR: [{ personId: { in: persons } }, { concerns: { hasSome: persons } }] };
  const partOfCase = { case: { is: ofCase } };
  const found = { AND: [{ personId: { not: null } }, { personId: { in: persons } }] };
  const ofBlock = { OR: [{ personId: { in: persons } }, { otherPersonIds: { hasSome: persons } }] };
  return [
    ...taken('Case', ['read', 'allocate', 'contact', 'close', 'share', 'join'], ofCase),
    ...taken('SharedCase', ['read'], ofCase),
    ...taken('CaseForHealth', ['read'], ofCase),
    ...taken('Contact', ['read'], partOfCase),
    ...taken('GroupMember', ['read'], partOfCase),
    ...taken('ShareGrant', ['read', 'end', 'decide'], partOfCase),
    // What the caller made stays to be seen: that it went away would tell whom it is about.
    ...taken('BreakGlass', ['read', 'review'], { ...found, openedBy: { not: userName } }),
    ...taken('ConflictBlock', ['read'], { ...ofBlock, blockedBy: { not: userName } }),
    ...taken('ConflictBlock', ['block'], ofBlock),
  ];
}

const taken = (
  subject: Subject,
  actions: readonly Action[],
  conditions: NonNullable<Rule['conditions']>,
): readonly Rule[] => actions.map((action) => ({ action, subject, inverted: true, conditions }));

/** The rules of a caller who stands in these relationships. */
export function rulesFor(caller: Caller, facts: Facts): readonly (Rule | SubjectRule)[] {
  if (caller.kind === 'user' && caller.userName === '') return [];
  const granted = caller.roles.flatMap((role) => byRole.get(role)?.(caller, facts) ?? []);
  const onSubjects = subjectRules(caller, facts.blockedPersonIds);
  return granted.length === 0 ? onSubjects : [...granted, ...blocks(caller, facts), ...onSubjects];
}

/** The policy on this database: relationships are read anew for every call, so that what ends has ended. */
export const policy = ({
  db,
  facts,
  now,
}: {
  readonly db: PrismaClient;
  readonly facts: FactStore;
  readonly now: () => Date;
}): Policy => ({
  abilityFor: async (caller) => {
    // A service asks for a user where that user's relationships decide.
    const asking = caller.roles.some((role) => byRole.has(role)) ? caller.actingFor : undefined;
    const user = caller.kind === 'user' && caller.roles.length > 0 ? caller : asking;
    return abilityOf(rulesFor(caller, user ? await facts.of(db, user, now()) : NO_FACTS));
  },
});
