import { fail } from '@midas/kit/rules';

/**
 * Facts: what outcomes keeps of the events it hears. A fact is keyed by the id of the thing it is about and
 * carries the aggregate version of the event that said it; of two facts with one key the higher version holds.
 * So every effect commutes, and hearing an event twice changes nothing.
 */
export type Fact =
  | { readonly of: 'incident'; readonly row: IncidentFact }
  | { readonly of: 'assessment'; readonly row: AssessmentFact }
  | { readonly of: 'referral'; readonly row: ReferralFact }
  | { readonly of: 'engagement'; readonly row: EngagementFact }
  | { readonly of: 'maracReferral'; readonly row: MaracReferralFact }
  | { readonly of: 'maracRepeat'; readonly row: MaracRepeatFact }
  | { readonly of: 'attendance'; readonly row: AttendanceFact }
  | { readonly of: 'activity'; readonly row: ActivityFact };

export interface IncidentFact {
  readonly incidentId: string;
  readonly version: number;
  readonly organisation: string;
  readonly kind: string;
  readonly occurredAt: Date;
  readonly reportedAt: Date;
}

export interface AssessmentFact {
  readonly assessmentId: string;
  readonly version: number;
  /** Null when it was not made for an incident. */
  readonly incidentId: string | null;
  readonly organisation: string;
  readonly instrument: string;
  readonly level: string;
  readonly occurredAt: Date;
}

export interface ReferralFact {
  readonly referralId: string;
  readonly version: number;
  readonly organisation: string;
  readonly kind: string;
  readonly support: string;
  readonly referredAt: Date;
}

export interface EngagementFact {
  readonly referralId: string;
  readonly version: number;
  readonly engagedAt: Date;
}

export interface MaracReferralFact {
  readonly maracReferralId: string;
  readonly version: number;
  readonly organisation: string;
  readonly referredAt: Date;
}

export interface MaracRepeatFact {
  readonly maracReferralId: string;
  readonly version: number;
  readonly repeat: boolean;
  readonly windowMonths: number;
}

export interface AttendanceFact {
  readonly sessionId: string;
  /** Pseudonym. */
  readonly person: Uint8Array<ArrayBuffer>;
  readonly version: number;
  readonly programme: string;
  readonly heldAt: Date;
}

/** Something that is counted by what happened and when; `subject` is an id, or a pseudonym where people are meant. */
export interface ActivityFact {
  readonly activity: Activity;
  readonly subject: string;
  readonly version: number;
  readonly occurredAt: Date;
}

export type Activity =
  | 'referral-accepted'
  | 'referral-rejected'
  | 'marac-heard'
  | 'case-opened'
  | 'case-allocated'
  | 'case-closed'
  | 'health-need-found'
  | 'health-referral-made'
  | 'health-referral-attended'
  | 'programme-enrolled'
  | 'programme-session-attended'
  | 'programme-session-missed'
  | 'programme-risk-signal';

/** A time that an event must carry. */
export function timeOf(value: Date | undefined): Date {
  return value ?? fail('invalid', 'event-without-time', 'An event came without the time it is about.');
}
