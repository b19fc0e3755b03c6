import { abilityOf, type Caller, type Policy, type Privacy, subjectRecordsRules } from '@midas/kit';
import type { Prisma } from '../gen/prisma/client.ts';

/**
 * Who may do what here: the rows of the access table that name health plans. Fields of a rule are privacy
 * classes; what no rule grants is refused.
 */
interface Rule {
  readonly action: 'open' | 'read' | 'write';
  readonly subject: 'HealthPlan';
  readonly fields?: readonly Privacy[];
  readonly conditions?: Prisma.HealthPlanWhereInput;
}

/** Opens plans; those it opened are assigned to it: read in full but for addresses, and written. */
const healthNavigator = ({ userName }: Caller): readonly Rule[] => [
  { action: 'open', subject: 'HealthPlan' },
  {
    action: 'read',
    subject: 'HealthPlan',
    fields: ['NONE', 'PERSONAL', 'SPECIAL_CATEGORY', 'FREE_TEXT'],
    conditions: { navigator: userName },
  },
  { action: 'write', subject: 'HealthPlan', conditions: { navigator: userName } },
];

/** Kinds of organisation that have health navigators. */
const EMPLOYERS = ['ccg', 'provider'];

/** A token that holds one of these beside a survivor-side role is refused everywhere. */
const WALLED = ['programme-facilitator', 'programme-manager', 'commissioner'];

function rulesFor(caller: Caller): readonly Rule[] {
  if (caller.kind !== 'user' || !caller.userName) return [];
  if (caller.roles.some((role) => WALLED.includes(role))) return [];
  const navigates = caller.roles.includes('health-navigator') && EMPLOYERS.includes(caller.organisationKind);
  return navigates ? healthNavigator(caller) : [];
}

export const policy = {
  abilityFor: (caller: Caller) => abilityOf([...rulesFor(caller), ...subjectRecordsRules(caller)]),
} satisfies Policy;
