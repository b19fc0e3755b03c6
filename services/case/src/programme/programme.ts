import type { Particulars } from '@midas/proto/common/v1/people';
import type { Sending } from '../person/person.ts';

/** A signal's particulars as the programme holds them: what the participant said, nothing confirmed. */
export interface Told {
  readonly participant: Particulars;
  readonly partner: Particulars;
}

/** By this a sending tells that it came with signals of a participant. */
export const SIGNALLED = 'programme-participant';

/**
 * Under which roles the two are looked for among the persons of the survivor side: the partner first. What
 * is found stays on this side; the programme is never told that somebody was found, or that nobody was.
 */
export const sendingsOf = ({ participant, partner }: Told): readonly [Sending, Sending] => [
  { role: 'victim', particulars: partner },
  { role: 'alleged-perpetrator', particulars: participant },
];

const FIRST_DELAY_MS = 2000;
const LONGEST_DELAY_MS = 3_600_000;

/** When a signal that could not be matched is tried again: later each time, within the hour, and never given up. */
export const nextTry = (attempts: number, now: Date): Date =>
  new Date(now.getTime() + Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempts, 20), LONGEST_DELAY_MS));
