import {
  addDays,
  addMonths,
  type EnumName,
  endOfWeekday,
  fail,
  localDate,
  localMidnight,
} from '@midas/kit/rules';
import type {
  ShareGrantStatus,
  LawfulBasis as WireBasis,
  ShareScope as WireScope,
} from '@midas/proto/case/v1/access';

export type ShareScope = EnumName<typeof WireScope>;
export type LawfulBasis = EnumName<typeof WireBasis>;

/** What another organisation may see of a case, for which purpose, on which basis and until when. */
export interface ShareGrant {
  readonly id: string;
  readonly caseId: string;
  readonly organisation: string;
  readonly purpose: string;
  readonly scope: ShareScope;
  readonly lawfulBasis: LawfulBasis;
  readonly consentGiven: boolean;
  /** Why it is shared without consent; empty with consent. */
  readonly overrideReason: string;
  /** User name of who answers for it: the worker of the case. */
  readonly owner: string;
  readonly grantedAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
  readonly consentWithdrawnAt: Date | null;
  /** By when its owner decides whether it goes on; null when nothing waits. */
  readonly decisionDueAt: Date | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string;
  /** The withdrawal of consent that ended or marked it. */
  readonly withdrawalId: string | null;
  /** Version of its latest event. */
  readonly version: number;
}

export type ShareEvent =
  | { readonly kind: 'granted'; readonly version: number; readonly at: Date }
  | { readonly kind: 'ended'; readonly version: number; readonly at: Date }
  | { readonly kind: 'marked'; readonly version: number; readonly at: Date; readonly decisionDueAt: Date };

export interface ShareDecision {
  readonly state: ShareGrant;
  readonly events: readonly ShareEvent[];
}

export type Granting = Pick<
  ShareGrant,
  | 'id'
  | 'caseId'
  | 'organisation'
  | 'purpose'
  | 'scope'
  | 'lawfulBasis'
  | 'consentGiven'
  | 'overrideReason'
  | 'owner'
> & {
  /** Three months ahead when left out. */
  readonly expiresAt: Date | undefined;
};

/** Characters of a reason that accounts for something. */
const ENOUGH_WORDS = 20;

/**
 * Grants a share. The basis consent needs consent; any other needs consent or a reason to do without it. It expires
 * within a year.
 */
export function grantShare(asked: Granting, now: Date): ShareDecision {
  const reasoned = asked.lawfulBasis !== 'CONSENT' && asked.overrideReason.trim().length >= ENOUGH_WORDS;
  if (!asked.consentGiven && !reasoned) {
    refuse(
      'consent-or-reason',
      'lawful_basis',
      'needs the consent of the person, or a reason to override it',
    );
  }
  const today = localDate(now);
  const expiresAt = asked.expiresAt ?? localMidnight(addMonths(today, 3));
  if (expiresAt.getTime() <= now.getTime()) refuse('in-future', 'expires_at', 'must be in the future');
  if (expiresAt.getTime() > localMidnight(addDays(addMonths(today, 12), 1)).getTime()) {
    refuse('within-a-year', 'expires_at', 'must be within a year');
  }
  const state: ShareGrant = {
    ...asked,
    expiresAt,
    grantedAt: now,
    endedAt: null,
    consentWithdrawnAt: null,
    decisionDueAt: null,
    decidedAt: null,
    decisionReason: '',
    withdrawalId: null,
    version: 1,
  };
  return { state, events: [{ kind: 'granted', version: 1, at: now }] };
}

/** Whether a grant counts now. No job ends a grant: what is over is over at its time. */
export function statusOf(
  { endedAt, expiresAt }: Pick<ShareGrant, 'endedAt' | 'expiresAt'>,
  now: Date,
): EnumName<typeof ShareGrantStatus> {
  if (endedAt !== null) return 'ENDED';
  return expiresAt.getTime() <= now.getTime() ? 'EXPIRED' : 'LIVE';
}

/** Ends a live grant. Fails with conflict `share-grant-over` when it has ended or expired. */
export function endShare(grant: ShareGrant, now: Date): ShareDecision {
  if (statusOf(grant, now) !== 'LIVE') fail('conflict', 'share-grant-over', 'The share is over already.');
  const version = grant.version + 1;
  return {
    state: { ...grant, endedAt: now, decisionDueAt: null, version },
    events: [{ kind: 'ended', version, at: now }],
  };
}

export interface Withdrawal {
  readonly id: string;
  /** When the person withdrew consent. */
  readonly at: Date;
}

/**
 * What a withdrawal of consent does to a live grant: one that rests on consent ends at once; one on another basis is
 * marked, once, and waits for its owner until the end of the next working day. Null for what it does not touch.
 */
export function withdrawConsent(grant: ShareGrant, { id, at }: Withdrawal, now: Date): ShareDecision | null {
  if (statusOf(grant, now) !== 'LIVE') return null;
  const told = { ...grant, consentWithdrawnAt: at, withdrawalId: id };
  if (grant.lawfulBasis === 'CONSENT') return endShare(told, now);
  if (grant.consentWithdrawnAt !== null) return null;
  const version = grant.version + 1;
  // Working days are weekdays: a bank holiday makes the time shorter than it need be, never longer.
  const decisionDueAt = endOfWeekday(now, 1);
  return {
    state: { ...told, decisionDueAt, version },
    events: [{ kind: 'marked', version, at: now, decisionDueAt }],
  };
}

/** Decides, with a reason, whether a marked grant goes on. Fails with conflict `nothing-to-decide` for any other. */
export function decideShare(
  grant: ShareGrant,
  { keep, reason }: { readonly keep: boolean; readonly reason: string },
  now: Date,
): ShareDecision {
  if (grant.decisionDueAt === null || statusOf(grant, now) !== 'LIVE') {
    return fail('conflict', 'nothing-to-decide', 'The share waits for no decision.');
  }
  const decided = { ...grant, decidedAt: now, decisionReason: reason, decisionDueAt: null };
  return keep ? { state: decided, events: [] } : endShare(decided, now);
}

const WIDTH: Readonly<Record<ShareScope, number>> = { SUMMARY: 1, HEALTH: 2, FULL: 3 };

/** What the live grants of a case come to: the widest scope, and until when it reaches. Null for none. */
export function widest(
  grants: readonly Pick<ShareGrant, 'scope' | 'expiresAt'>[],
): Pick<ShareGrant, 'scope' | 'expiresAt'> | null {
  const [first] = grants.toSorted(
    (one, other) =>
      WIDTH[other.scope] - WIDTH[one.scope] || other.expiresAt.getTime() - one.expiresAt.getTime(),
  );
  return first ?? null;
}

const refuse = (rule: string, field: string, message: string): never =>
  fail('invalid', 'share-not-possible', 'This share is not possible.', [{ field, rule, message }]);
