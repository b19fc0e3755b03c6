import type { EnumName } from '@midas/kit/rules';
import type { RelationKind, ShareScope } from '@midas/proto/case/v1/access';

/** A case and whose it is. */
export interface CaseOfPerson {
  readonly caseId: string;
  readonly personId: string;
}

/** Relationships that this service's own rules rest on beside what a case says of its worker, team and provider. */
export interface Facts {
  /** Persons the user is blocked from by a conflict of interest. */
  readonly blockedPersonIds: readonly string[];
  /** Cases of persons whom the user opened in an emergency, less than four hours ago. */
  readonly brokenGlass: readonly CaseOfPerson[];
  /** Cases shared with the user's organisation for the purpose of the request; one line a live grant. */
  readonly shared: readonly (CaseOfPerson & { readonly scope: EnumName<typeof ShareScope> })[];
}

export const NO_FACTS: Facts = { blockedPersonIds: [], brokenGlass: [], shared: [] };

/** Cases that the user holds as worker, or by a team. */
export interface HeldCases {
  readonly assigned: readonly CaseOfPerson[];
  readonly team: readonly CaseOfPerson[];
}

export interface Relation extends CaseOfPerson {
  readonly kind: EnumName<typeof RelationKind>;
  /** Null for what is no grant. */
  readonly scope: EnumName<typeof ShareScope> | null;
}

/** Each relationship once. Two grants of one case with one scope are one relationship. */
export function relationsOf(held: HeldCases, { brokenGlass, shared }: Facts): readonly Relation[] {
  const all: readonly Relation[] = [
    ...held.assigned.map((each) => ({ ...each, kind: 'ASSIGNED' as const, scope: null })),
    ...held.team.map((each) => ({ ...each, kind: 'TEAM' as const, scope: null })),
    ...brokenGlass.map((each) => ({ ...each, kind: 'BREAK_GLASS' as const, scope: null })),
    ...shared.map((each) => ({ ...each, kind: 'SHARED' as const })),
  ];
  return [...new Map(all.map((each) => [`${each.kind} ${each.scope} ${each.caseId}`, each])).values()];
}

/** Which relationships a user's roles can rest on; a block holds whatever the role. */
export function kindsOf(roles: readonly string[]): { readonly worker: boolean; readonly receiver: boolean } {
  return {
    worker: roles.includes('case-worker'),
    receiver: roles.includes('partner-professional') || roles.includes('health-navigator'),
  };
}
