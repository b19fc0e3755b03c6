import { fail } from '@midas/kit/rules';

export interface Member {
  readonly id: string;
  readonly personId: string;
}

export interface Attendance {
  readonly memberId: string;
  readonly personId: string;
  readonly attended: boolean;
}

/**
 * Attendance of every member at a session held at `heldAt`: those named attended, the others were absent.
 * Fails with `invalid` when a name is no member of the group, or the session lies in the future or before
 * the group began.
 */
export const recordAttendance = (
  group: { readonly startsAt: Date; readonly members: readonly Member[] },
  session: { readonly heldAt: Date; readonly attendedMemberIds: readonly string[] },
  now: Date,
): readonly Attendance[] => {
  if (session.heldAt.getTime() > now.getTime()) refuseTime('not-in-future', 'must not be in the future');
  if (session.heldAt.getTime() < group.startsAt.getTime()) {
    refuseTime('not-before-start', 'must not be before the group starts');
  }
  const members = new Set(group.members.map(({ id }) => id));
  const strangers = session.attendedMemberIds.flatMap((id, place) => (members.has(id) ? [] : [place]));
  if (strangers.length > 0) {
    fail(
      'invalid',
      'not-a-member',
      'Someone named is no member of the group.',
      strangers.map((place) => ({
        field: `attended_member_ids[${place}]`,
        rule: 'member-of-group',
        message: 'must be a member of the group',
      })),
    );
  }
  const attended = new Set(session.attendedMemberIds);
  return group.members.map(({ id, personId }) => ({ memberId: id, personId, attended: attended.has(id) }));
};

const refuseTime = (rule: string, message: string): never =>
  fail('invalid', 'session-time', 'The time of the session is not possible.', [
    { field: 'held_at', rule, message },
  ]);
