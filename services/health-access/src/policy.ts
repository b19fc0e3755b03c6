import {
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
 * Who may do what here: the rows of the access table that name health plans. Fields of a rule are privacy
 * classes; what no rule grants is refused.
 */
interface Rule {
  readonly action: 'open' | 'read' | 'write';
  readonly subject: 'HealthPlan';
  readonly fields?: readonly Privacy[];
  readonly conditions?: Prisma.HealthPlanWhereInput;
  readonly inverted?: true;
}

/** A full-scope relationship, but for addresses. */
const FULL = ['NONE', 'PERSONAL', 'SPECIAL_CATEGORY', 'FREE_TEXT'] as const;

const plans = (action: Rule['action'], conditions: Prisma.HealthPlanWhereInput): Rule => ({
  action,
  subject: 'HealthPlan',
  conditions,
  ...(action === 'read' && { fields: FULL }),
});

/** Cases whose health plan is shared with the caller's organisation. */
function sharedForHealth({ relations }: CallerFacts): Prisma.HealthPlanWhereInput {
  const shared = relations.filter(
    ({ kind, scope }) =>
      kind === RelationKind.SHARED && (scope === ShareScope.HEALTH || scope === ShareScope.FULL),
  );
  return { caseId: { in: [...new Set(shared.map(({ caseId }) => caseId))] } };
}

/**
 * Opens plans of cases that are shared for health, reads them, and writes those he or she opened. Within the provider
 * an opened plan stays with its navigator; elsewhere it rests on the share and ends with it.
 */
const healthNavigator = ({ userName, organisationKind }: Caller, facts: CallerFacts): readonly Rule[] => {
  const shared = sharedForHealth(facts);
  const opened =
    organisationKind === 'provider' ? { navigator: userName } : { ...shared, navigator: userName };
  return [plans('open', shared), plans('read', shared), plans('read', opened), plans('write', opened)];
};

/** Reads the plans of cases that are shared for health. */
const partnerProfessional = (_: Caller, facts: CallerFacts): readonly Rule[] => [
  plans('read', sharedForHealth(facts)),
];

const byRole: ReadonlyMap<string, (caller: Caller, facts: CallerFacts) => readonly Rule[]> = new Map([
  ['health-navigator', healthNavigator],
  ['partner-professional', partnerProfessional],
]);

/** A conflict of interest takes away whatever was granted. */
function withheld({ blockedPersonIds }: CallerFacts): readonly Rule[] {
  if (blockedPersonIds.length === 0) return [];
  const conditions = { personId: { in: [...blockedPersonIds] } };
  return (['read', 'write'] as const).map((action) => ({
    action,
    subject: 'HealthPlan',
    conditions,
    inverted: true,
  }));
}

/** The rules of a caller of whom these facts hold. */
export function rulesFor(caller: Caller, facts: CallerFacts): readonly Rule[] {
  if (caller.kind !== 'user' || !caller.userName) return [];
  return [...caller.roles.flatMap((role) => byRole.get(role)?.(caller, facts) ?? []), ...withheld(facts)];
}

/** Whether it matters who a user is to the persons of what is asked for: here, always. */
export const factsMatter = ({ roles }: Caller): boolean => roles.some((role) => byRole.has(role));

export const policy = (factsOf: Facts<CallerFacts>): Policy => ({
  abilityFor: async (caller, asked) => {
    const facts = await factsOf(caller, asked);
    return abilityOf([...rulesFor(caller, facts), ...subjectRecordsRules(caller)]);
  },
});
