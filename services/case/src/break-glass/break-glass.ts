import { type EnumName, endOfWeekday, fail } from '@midas/kit/rules';
import type { BreakGlassFinding } from '@midas/proto/case/v1/access';

export type Finding = EnumName<typeof BreakGlassFinding>;

/** Access to the cases of one person, opened in an emergency. */
export interface BreakGlass {
  readonly id: string;
  /** User name and organisation of who opened it. */
  readonly openedBy: string;
  readonly organisation: string;
  readonly openedAt: Date;
  readonly endsAt: Date;
  readonly reason: string;
  /** Whom it found; null when nobody is known. Nothing that is answered depends on it. */
  readonly personId: string | null;
  readonly reviewDueAt: Date;
  readonly reviewedAt: Date | null;
  readonly reviewedBy: string | null;
  readonly finding: Finding | null;
  readonly reviewNote: string;
}

const LASTS_MS = 4 * 3_600_000;
const REVIEW_WITHIN_WEEKDAYS = 2;
/** Characters of a reason, blanks around it not counted. */
const ENOUGH_WORDS = 20;

export type Opening = Pick<BreakGlass, 'id' | 'openedBy' | 'organisation' | 'reason' | 'personId'>;

/**
 * Opens access for four hours; its review is due by the end of the second working day. Hit and miss alike. Fails with
 * invalid `reason-too-short`.
 */
export function openBreakGlass(opening: Opening, now: Date): BreakGlass {
  if (opening.reason.trim().length < ENOUGH_WORDS)
    fail('invalid', 'reason-too-short', 'Give a reason of at least 20 characters.');
  return {
    ...opening,
    openedAt: now,
    endsAt: new Date(now.getTime() + LASTS_MS),
    // Working days are weekdays: a bank holiday makes the time shorter than it need be, never longer.
    reviewDueAt: endOfWeekday(now, REVIEW_WITHIN_WEEKDAYS),
    reviewedAt: null,
    reviewedBy: null,
    finding: null,
    reviewNote: '',
  };
}

export interface Review {
  readonly by: string;
  readonly finding: Finding;
  readonly note: string;
}

/** Reviews an opening, once. One that is not justified ends with its review. Fails with conflict `already-reviewed`. */
export function reviewBreakGlass(opening: BreakGlass, { by, finding, note }: Review, now: Date): BreakGlass {
  if (opening.reviewedAt !== null) fail('conflict', 'already-reviewed', 'The opening was reviewed already.');
  const endsNow = finding === 'NOT_JUSTIFIED' && opening.endsAt.getTime() > now.getTime();
  return {
    ...opening,
    reviewedAt: now,
    reviewedBy: by,
    finding,
    reviewNote: note,
    endsAt: endsNow ? now : opening.endsAt,
  };
}
