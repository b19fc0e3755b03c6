import { addMonths, localDate } from '@midas/kit/rules';

export const wordings = ['any-abuse', 'criminal-act'] as const;

/** Which incidents can make a repeat: newer wording any abuse, older wording a criminal act (domain.md §2). */
export type Wording = (typeof wordings)[number];

export interface RepeatRule {
  /** Calendar months after the pair's last referral, inclusive. */
  readonly windowMonths: number;
  readonly wording: Wording;
}

/** One MARAC referral of a victim, as far as the repeat rule sees it. */
export interface PairReferral {
  readonly id: string;
  readonly referredAt: Date;
  readonly perpetratorIds: readonly string[];
  /** The incident that the referral names. */
  readonly incidentAt: Date;
  readonly criminal: boolean;
}

/**
 * The finding for every MARAC referral of one victim, by referral id.
 *
 * A referral is a repeat when the incident it names happened, with any of its perpetrators, after that pair's
 * last MARAC referral and no later than the window after it; the new referral's own date does not count
 * (domain.md §2). The answer does not depend on the order of the list.
 */
export function findRepeats(
  referrals: readonly PairReferral[],
  rule: RepeatRule,
): ReadonlyMap<string, boolean> {
  const lastReferredAt = new Map<string, Date>();
  const findings = new Map<string, boolean>();
  for (const referral of referrals.toSorted(byReferral)) {
    const repeat = referral.perpetratorIds.some((perpetrator) => {
      const last = lastReferredAt.get(perpetrator);
      return last !== undefined && countsAfter(last, referral, rule);
    });
    findings.set(referral.id, repeat);
    for (const perpetrator of referral.perpetratorIds) lastReferredAt.set(perpetrator, referral.referredAt);
  }
  return findings;
}

/** "After" is by the instant, the end of the window by the day in Medway: the whole last day counts. */
function countsAfter(last: Date, { incidentAt, criminal }: PairReferral, rule: RepeatRule): boolean {
  if (rule.wording === 'criminal-act' && !criminal) return false;
  return incidentAt > last && localDate(incidentAt) <= addMonths(localDate(last), rule.windowMonths);
}

function byReferral(a: PairReferral, b: PairReferral): number {
  return a.referredAt.getTime() - b.referredAt.getTime() || (a.id < b.id ? -1 : Number(a.id > b.id));
}
