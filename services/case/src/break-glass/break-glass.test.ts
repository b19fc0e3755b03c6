import { DomainError } from '@midas/kit/rules';
import { describe, expect, it } from 'vitest';
import { openBreakGlass, reviewBreakGlass } from './break-glass.ts';

const now = new Date('2018-03-01T15:00:00Z'); // a Thursday
const minutes = (count: number): Date => new Date(now.getTime() + count * 60_000);
const opening = (personId: string | null = 'p', reason = 'She called in danger.') =>
  openBreakGlass(
    {
      id: 'b',
      openedBy: 'case-worker@provider',
      organisation: 'provider',
      reason,
      personId,
    },
    now,
  );
const review = { by: 'information-governance@council', note: '' };

const slugOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error.slug;
    throw error;
  }
  return 'allowed';
};

describe('an opening', () => {
  it('needs a reason, and blanks are none', () => {
    expect(slugOf(() => opening('p', ' '.repeat(40)))).toBe('reason-too-short');
    expect(slugOf(() => opening('p', '  for a good reason  '))).toBe('reason-too-short');
    expect(slugOf(() => opening('p', ' for a reason of some length '))).toBe('allowed');
  });

  it('lasts four hours and is to be reviewed by the end of the second working day', () => {
    expect(opening()).toMatchObject({
      openedAt: now,
      endsAt: minutes(240),
      reviewDueAt: new Date('2018-03-06T00:00:00Z'),
      reviewedAt: null,
    });
  });

  it('differs by whom it found in nothing else', () => {
    expect({ ...opening('p'), personId: '' }).toEqual({ ...opening(null), personId: '' });
  });
});

describe('a review', () => {
  it('says once whether it was justified; what was not ends with it', () => {
    const justified = reviewBreakGlass(opening(), { ...review, finding: 'JUSTIFIED' }, minutes(60));
    expect(justified).toMatchObject({ reviewedAt: minutes(60), reviewedBy: review.by, endsAt: minutes(240) });
    expect(
      slugOf(() => reviewBreakGlass(justified, { ...review, finding: 'NOT_JUSTIFIED' }, minutes(61))),
    ).toBe('already-reviewed');
    const refused = { ...review, finding: 'NOT_JUSTIFIED' as const };
    expect(reviewBreakGlass(opening(), refused, minutes(60)).endsAt).toEqual(minutes(60));
    expect(reviewBreakGlass(opening(), refused, minutes(300)).endsAt).toEqual(minutes(240));
  });
});
