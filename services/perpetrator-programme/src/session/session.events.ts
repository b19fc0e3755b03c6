import type { Unit } from '@midas/kit';
import {
  ProgrammeSessionAttended,
  ProgrammeSessionMissed,
} from '@midas/proto/perpetrator_programme/v1/events';
import { aggregateOf } from '../participant/participant.events.ts';
import type { ParticipantState } from '../participant/participant.ts';

/** Publishes a session, attended or missed, in the sequence of its participant. */
export function publishSession(
  unit: Pick<Unit<never>, 'publish'>,
  state: ParticipantState,
  session: { readonly id: string; readonly heldAt: Date; readonly attended: boolean },
): void {
  const event = { sessionId: session.id, participantId: state.id, heldAt: session.heldAt };
  const codec = session.attended ? ProgrammeSessionAttended : ProgrammeSessionMissed;
  unit.publish(codec, event, aggregateOf(state), session.heldAt);
}
