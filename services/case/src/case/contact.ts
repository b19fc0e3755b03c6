import { type CaseDecision, type CaseState, checkTime, refuseClosed } from './case.ts';

/** What of a logged contact the rules look at. */
export interface ContactMade {
  /** Made in a way known to be safe. */
  readonly safe: boolean;
  /** The person took part; false for an attempt. */
  readonly twoWay: boolean;
  /** The person accepted support in this contact. */
  readonly supportAccepted: boolean;
  readonly at: Date;
}

/** "Engaged" has no standard meaning; ours is a safe two-way contact in which support was accepted (domain.md §3). */
export const engages = (contact: ContactMade): boolean =>
  contact.safe && contact.twoWay && contact.supportAccepted;

/**
 * Logs a contact on an open case. The first that engages makes the case engaged, once; one that is logged
 * later but happened earlier moves the time back without a second event, since engaged it already was.
 */
export const logContact = (state: CaseState, contact: ContactMade, now: Date): CaseDecision => {
  refuseClosed(state);
  checkTime(state, contact.at, now);
  if (!engages(contact)) return { state, events: [] };
  if (state.engagedAt === null) {
    const version = state.version + 1;
    return {
      state: { ...state, engagedAt: contact.at, version },
      events: [{ kind: 'engaged', at: contact.at, version }],
    };
  }
  if (contact.at.getTime() >= state.engagedAt.getTime()) return { state, events: [] };
  return { state: { ...state, engagedAt: contact.at }, events: [] };
};
