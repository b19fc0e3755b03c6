import type { EnumName, Unit } from '@midas/kit';
import { GroupProgramme } from '@midas/proto/case/v1/case';
import { GroupSessionAttended } from '@midas/proto/case/v1/events';
import type { Attendance } from './group.ts';

/** Publishes one event for each person who attended; their versions count within the session. */
export function publishAttendance(
  unit: Pick<Unit<never>, 'publish'>,
  session: {
    readonly id: string;
    readonly heldAt: Date;
    readonly programme: EnumName<typeof GroupProgramme>;
  },
  attendance: readonly Attendance[],
): void {
  const attended = attendance.filter((entry) => entry.attended);
  for (const [place, { personId }] of attended.entries()) {
    unit.publish(
      GroupSessionAttended,
      {
        sessionId: session.id,
        personId,
        programme: GroupProgramme[session.programme],
        heldAt: session.heldAt,
      },
      { type: 'group-session', id: session.id, version: place + 1 },
      session.heldAt,
    );
  }
}
