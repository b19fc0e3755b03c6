import { DomainError } from '@midas/kit/rules';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordAttendance } from './group.ts';

const day = (n: number): Date => new Date(Date.UTC(2018, 0, 1) + n * 86_400_000);
const now = day(100);

const refusal = (work: () => unknown): DomainError => {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('was not refused');
};

describe('attendance of a session', () => {
  it('says of every member whether they came', () => {
    const everyone = fc.uniqueArray(fc.uuid(), { maxLength: 30 });
    fc.assert(
      fc.property(everyone, fc.infiniteStream(fc.boolean()), (ids, coming) => {
        const members = ids.map((id) => ({ id, personId: `person of ${id}` }));
        const came = ids.filter(() => coming.next().value);
        const attendance = recordAttendance(
          { startsAt: day(0), members },
          { heldAt: day(7), attendedMemberIds: came },
          now,
        );
        expect(attendance.map(({ memberId }) => memberId)).toEqual(ids);
        expect(attendance.filter(({ attended }) => attended).map(({ memberId }) => memberId)).toEqual(came);
      }),
    );
  });

  it('names who is no member by place', () => {
    const group = { startsAt: day(0), members: [{ id: 'a', personId: 'p' }] };
    const error = refusal(() =>
      recordAttendance(group, { heldAt: day(7), attendedMemberIds: ['a', 'b'] }, now),
    );
    expect(error.kind).toBe('invalid');
    expect(error.violations.map(({ field }) => field)).toEqual(['attended_member_ids[1]']);
  });

  it.each([
    ['before the group starts', day(-1)],
    ['in the future', day(101)],
  ])('is refused %s', (_, heldAt) => {
    const error = refusal(() =>
      recordAttendance({ startsAt: day(0), members: [] }, { heldAt, attendedMemberIds: [] }, now),
    );
    expect(error.violations.map(({ field }) => field)).toEqual(['held_at']);
  });
});
