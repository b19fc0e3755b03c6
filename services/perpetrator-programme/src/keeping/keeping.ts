import { type EnumName, fail, yearsLater } from '@midas/kit/rules';
import type { ErasureGround } from '@midas/proto/perpetrator_programme/v1/programme';
import { type ParticipantState, refuseErased } from '../participant/participant.ts';

/** The retention rule: what happened last before this instant is no longer a reason to keep a record. */
export const keptSince = (now: Date, years: number): Date => yearsLater(now, -years);

/** Puts a hold on a record: it is kept until the hold is lifted, whoever asks for its erasure. */
export const placeHold = (state: ParticipantState): ParticipantState => {
  refuseErased(state);
  if (state.held) fail('conflict', 'already-held', 'A hold keeps this record already.');
  return { ...state, held: true };
};

/** Lifts the hold on a record. */
export const liftHold = (state: ParticipantState): ParticipantState => {
  refuseErased(state);
  if (!state.held) fail('conflict', 'not-held', 'No hold keeps this record.');
  return { ...state, held: false };
};

/** Empties a record of whom it is about. `isDue`: the retention rule no longer keeps it. */
export const erase = (
  state: ParticipantState,
  { ground, isDue }: { readonly ground: EnumName<typeof ErasureGround>; readonly isDue: boolean },
  now: Date,
): ParticipantState => {
  refuseErased(state);
  if (state.held) fail('conflict', 'participant-held', 'A hold keeps this record: lift it first.');
  if (ground === 'RETENTION_ENDED' && !isDue) {
    fail('conflict', 'still-retained', 'The retention rule keeps this record for now.');
  }
  return { ...state, participant: null, partner: null, erasedAt: now };
};
