import type { Unit } from '@midas/kit';
import { ParticipantEnrolled } from '@midas/proto/perpetrator_programme/v1/events';
import type { ParticipantState } from './participant.ts';

/** Where an event of a participant belongs; every event of one participant counts in one sequence. */
export const aggregateOf = ({ id, version }: ParticipantState) => ({ type: 'participant', id, version });

/** Publishes an enrolment. Hears nothing, ever. */
export function publishEnrolment(unit: Pick<Unit<never>, 'publish'>, state: ParticipantState): void {
  unit.publish(
    ParticipantEnrolled,
    { participantId: state.id, enrolledAt: state.enrolledAt },
    aggregateOf(state),
    state.enrolledAt,
  );
}
