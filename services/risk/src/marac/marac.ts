import { fail, localDate } from '@midas/kit/rules';

export type MaracStatus = 'REFERRED' | 'HEARD';

interface Referring {
  readonly sourceSystem: string;
  readonly sourceReference: string;
  readonly referredAt: Date | undefined;
  readonly incidentAt: Date;
}

/**
 * When a new referral counts as made: as the sender says, otherwise now.
 * Refuses half a source reference, and an incident on a later day (Europe/London) than the referral that names it.
 */
export function referredAt(given: Referring, now: Date): Date {
  if ((given.sourceSystem === '') !== (given.sourceReference === '')) {
    const field = given.sourceSystem === '' ? 'source_system' : 'source_reference';
    fail('invalid', 'source-incomplete', 'Send both source_system and source_reference, or neither.', [
      { field, rule: 'source-incomplete', message: 'is required together with its other half' },
    ]);
  }
  const at = given.referredAt ?? now;
  if (localDate(given.incidentAt) > localDate(at)) {
    fail('invalid', 'incident-after-referral', 'The incident that led to a referral cannot be later than it.', [
      { field: 'incident.occurred_at', rule: 'incident-after-referral', message: 'must not be later than referred_at' },
    ]);
  }
  return at;
}

interface Heard {
  readonly status: MaracStatus;
  readonly referredAt: Date;
}

/** When the meeting heard a referral; refuses one already heard, or a hearing before the referral. */
export function heardAt(referral: Heard, given: Date | undefined, now: Date): Date {
  if (referral.status !== 'REFERRED') fail('conflict', 'marac-already-heard', 'This referral has been heard already.');
  const at = given ?? now;
  if (at < referral.referredAt) {
    fail('invalid', 'heard-before-referral', 'A referral cannot be heard before it was made.', [
      { field: 'heard_at', rule: 'heard-before-referral', message: 'must not be earlier than referred_at' },
    ]);
  }
  return at;
}
