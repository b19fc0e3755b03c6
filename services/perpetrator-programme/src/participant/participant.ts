import { type EnumName, fail } from '@midas/kit/rules';
import type { Particulars } from '@midas/proto/common/v1/people';
import type { ProgrammeReferralRoute } from '@midas/proto/perpetrator_programme/v1/programme';

/** Someone on the programme. `version` is that of the latest event. */
export interface ParticipantState {
  readonly id: string;
  readonly route: EnumName<typeof ProgrammeReferralRoute>;
  /** Null once erased. */
  readonly participant: Particulars | null;
  /** The partner as the participant named them: always taken, never looked up, nothing comes back. Null once erased. */
  readonly partner: Particulars | null;
  /** User name of the member of staff who enrolled and works with the participant. */
  readonly facilitator: string;
  readonly enrolledAt: Date;
  readonly recordedAt: Date;
  readonly sessionsAttended: number;
  readonly sessionsMissed: number;
  readonly version: number;
  /** A hold keeps the record. */
  readonly held: boolean;
  readonly erasedAt: Date | null;
}

export interface Enrolment {
  readonly id: string;
  readonly route: ParticipantState['route'];
  readonly participant: Particulars;
  readonly partner: Particulars;
  readonly facilitator: string;
  readonly enrolledAt: Date;
}

/** Enrols a participant. Fails with `invalid` for a time in the future. */
export const enrol = (enrolment: Enrolment, now: Date): ParticipantState => {
  refuseFuture(enrolment.enrolledAt, now, 'occurred_at');
  const counts = { sessionsAttended: 0, sessionsMissed: 0, version: 1 };
  return { ...enrolment, ...counts, recordedAt: now, held: false, erasedAt: null };
};

/** Counts one more session, attended or missed, at a time between enrolment and now. */
export const recordSession = (
  state: ParticipantState,
  session: { readonly heldAt: Date; readonly attended: boolean },
  now: Date,
): ParticipantState => {
  refuseErased(state);
  refuseFuture(session.heldAt, now, 'held_at');
  refuseBeforeEnrolment(state, session.heldAt, 'held_at');
  return {
    ...state,
    sessionsAttended: state.sessionsAttended + (session.attended ? 1 : 0),
    sessionsMissed: state.sessionsMissed + (session.attended ? 0 : 1),
    version: state.version + 1,
  };
};

/** Raises a risk signal about something that happened between enrolment and now. */
export const raiseSignal = (state: ParticipantState, occurredAt: Date, now: Date): ParticipantState => {
  refuseErased(state);
  refuseFuture(occurredAt, now, 'occurred_at');
  refuseBeforeEnrolment(state, occurredAt, 'occurred_at');
  return { ...state, version: state.version + 1 };
};

/** Fails with conflict `participant-erased`: of an erased record nothing is left to work with. */
export const refuseErased = ({ erasedAt }: ParticipantState): void => {
  if (erasedAt !== null) fail('conflict', 'participant-erased', 'The record of this participant was erased.');
};

const refuseFuture = (at: Date, now: Date, field: string): void => {
  if (at.getTime() <= now.getTime()) return;
  fail('invalid', 'occurred-in-future', 'The time lies in the future.', [
    { field, rule: 'not-in-future', message: 'must not be in the future' },
  ]);
};

const refuseBeforeEnrolment = ({ enrolledAt }: ParticipantState, at: Date, field: string): void => {
  if (at.getTime() >= enrolledAt.getTime()) return;
  fail('invalid', 'occurred-before-enrolment', 'The time lies before the enrolment.', [
    { field, rule: 'not-before-enrolment', message: 'must not be before the enrolment' },
  ]);
};
