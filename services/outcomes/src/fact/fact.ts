import { enumName, fail } from '@midas/kit/rules';
import { GroupProgramme } from '@midas/proto/case/v1/case';
import type { CaseEngaged, GroupSessionAttended } from '@midas/proto/case/v1/events';
import { RiskLevel } from '@midas/proto/common/v1/risk';
import type { IncidentReported, ReferralSubmitted } from '@midas/proto/referral/v1/events';
import { IncidentKind, ReferralKind, SupportKind } from '@midas/proto/referral/v1/referral';
import type { AssessmentRecorded, MaracReferred, MaracRepeatFound } from '@midas/proto/risk/v1/events';

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

interface IncidentFact {
  readonly incidentId: string;
  readonly version: number;
  readonly organisation: string;
  readonly kind: string;
  readonly occurredAt: Date;
  readonly reportedAt: Date;
}

interface AssessmentFact {
  readonly assessmentId: string;
  readonly version: number;
  /** Null when it was not made for an incident. */
  readonly incidentId: string | null;
  readonly organisation: string;
  readonly instrument: string;
  readonly level: string;
  readonly occurredAt: Date;
}

interface ReferralFact {
  readonly referralId: string;
  readonly version: number;
  readonly organisation: string;
  readonly kind: string;
  readonly support: string;
  readonly referredAt: Date;
}

interface EngagementFact {
  readonly referralId: string;
  readonly version: number;
  readonly engagedAt: Date;
}

interface MaracReferralFact {
  readonly maracReferralId: string;
  readonly version: number;
  readonly organisation: string;
  readonly referredAt: Date;
}

interface MaracRepeatFact {
  readonly maracReferralId: string;
  readonly version: number;
  readonly repeat: boolean;
  readonly windowMonths: number;
}

interface AttendanceFact {
  readonly sessionId: string;
  /** Pseudonym. */
  readonly person: Uint8Array<ArrayBuffer>;
  readonly version: number;
  readonly programme: string;
  readonly heldAt: Date;
}

/** Something that is counted by what happened and when; `subject` is an id, or a pseudonym where people are meant. */
interface ActivityFact {
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

/** A keyed digest of an id, by purpose: the same id gives the same pseudonym, and there is no way back. */
export type Pseudonym = (purpose: string, value: string) => Uint8Array<ArrayBuffer>;

/** The fact that an event of an aggregate's `version` tells. */
export type FactOf<Event> = (event: Event, version: number) => Fact;

export const incidentFact: FactOf<IncidentReported> = (event, version) => ({
  of: 'incident',
  row: {
    incidentId: event.incidentId,
    version,
    organisation: event.organisation,
    kind: enumName(IncidentKind, event.kind),
    occurredAt: timeOf(event.occurredAt),
    reportedAt: timeOf(event.reportedAt),
  },
});

export const assessmentFact: FactOf<AssessmentRecorded> = (event, version) => ({
  of: 'assessment',
  row: {
    assessmentId: event.assessmentId,
    version,
    incidentId: event.incidentId === '' ? null : event.incidentId,
    organisation: event.organisation,
    instrument: event.instrument,
    level: enumName(RiskLevel, event.level),
    occurredAt: timeOf(event.occurredAt),
  },
});

export const referralFact: FactOf<ReferralSubmitted> = (event, version) => ({
  of: 'referral',
  row: {
    referralId: event.referralId,
    version,
    organisation: event.organisation,
    kind: enumName(ReferralKind, event.kind),
    support: enumName(SupportKind, event.support),
    referredAt: timeOf(event.referredAt),
  },
});

export const engagementFact: FactOf<CaseEngaged> = ({ referralId, engagedAt }, version) => ({
  of: 'engagement',
  row: { referralId, version, engagedAt: timeOf(engagedAt) },
});

export const maracReferralFact: FactOf<MaracReferred> = (
  { maracReferralId, organisation, referredAt },
  version,
) => ({
  of: 'maracReferral',
  row: { maracReferralId, version, organisation, referredAt: timeOf(referredAt) },
});

export const maracRepeatFact: FactOf<MaracRepeatFound> = (
  { maracReferralId, repeat, windowMonths },
  version,
) => ({
  of: 'maracRepeat',
  row: { maracReferralId, version, repeat, windowMonths },
});

export const attendanceFact =
  (pseudonym: Pseudonym): FactOf<GroupSessionAttended> =>
  (event, version) => ({
    of: 'attendance',
    row: {
      sessionId: event.sessionId,
      person: pseudonym('person', event.personId),
      version,
      programme: enumName(GroupProgramme, event.programme),
      heldAt: timeOf(event.heldAt),
    },
  });

export function activityFact(
  activity: Activity,
  subject: string,
  version: number,
  at: Date | undefined,
): Fact {
  return { of: 'activity', row: { activity, subject, version, occurredAt: timeOf(at) } };
}

/** A time that an event must carry. */
function timeOf(value: Date | undefined): Date {
  return value ?? fail('invalid', 'event-without-time', 'An event came without the time it is about.');
}
