import { type Codec, type EventUnit, on, type Subscription } from '@midas/kit';
import {
  CaseAllocated,
  CaseClosed,
  CaseEngaged,
  CaseOpened,
  GroupSessionAttended,
} from '@midas/proto/case/v1/events';
import {
  HealthNeedFound,
  HealthReferralAttended,
  HealthReferralMade,
} from '@midas/proto/health_access/v1/events';
import {
  ParticipantEnrolled,
  ProgrammeSessionAttended,
  ProgrammeSessionMissed,
  RiskSignalRaised,
} from '@midas/proto/perpetrator_programme/v1/events';
import {
  IncidentReported,
  ReferralAccepted,
  ReferralRejected,
  ReferralSubmitted,
} from '@midas/proto/referral/v1/events';
import { AssessmentRecorded, MaracHeard, MaracReferred, MaracRepeatFound } from '@midas/proto/risk/v1/events';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { keep } from './fact.store.ts';
import {
  type Activity,
  activityFact,
  assessmentFact,
  attendanceFact,
  engagementFact,
  type FactOf,
  incidentFact,
  maracReferralFact,
  maracRepeatFact,
  type Pseudonym,
  referralFact,
} from './fact.ts';

type Heard = Subscription<PrismaClient>;

/** Everything that outcomes hears, each event as one fact. Publishes nothing. */
export function factSubscriptions(pseudonym: Pseudonym): readonly Heard[] {
  return [...measured(pseudonym), ...counted(), ...countedBehindTheWall(pseudonym)];
}

/** What the measures of the report are made of. */
function measured(pseudonym: Pseudonym): readonly Heard[] {
  return [
    kept(IncidentReported, incidentFact),
    kept(AssessmentRecorded, assessmentFact),
    kept(ReferralSubmitted, referralFact),
    kept(CaseEngaged, engagementFact),
    kept(MaracReferred, maracReferralFact),
    kept(MaracRepeatFound, maracRepeatFact),
    kept(GroupSessionAttended, attendanceFact(pseudonym)),
  ];
}

/** What is counted and has no measure yet. */
function counted(): readonly Heard[] {
  return [
    kept(
      ReferralAccepted,
      activity('referral-accepted', (e) => [e.referralId, e.acceptedAt]),
    ),
    kept(
      ReferralRejected,
      activity('referral-rejected', (e) => [e.referralId, e.rejectedAt]),
    ),
    kept(
      MaracHeard,
      activity('marac-heard', (e) => [e.maracReferralId, e.heardAt]),
    ),
    kept(
      CaseOpened,
      activity('case-opened', (e) => [e.caseId, e.openedAt]),
    ),
    kept(
      CaseAllocated,
      activity('case-allocated', (e) => [e.caseId, e.allocatedAt]),
    ),
    kept(
      CaseClosed,
      activity('case-closed', (e) => [e.caseId, e.closedAt]),
    ),
    kept(
      HealthNeedFound,
      activity('health-need-found', (e) => [e.healthNeedId, e.foundAt]),
    ),
    kept(
      HealthReferralMade,
      activity('health-referral-made', (e) => [e.healthReferralId, e.referredAt]),
    ),
    kept(
      HealthReferralAttended,
      activity('health-referral-attended', (e) => [e.healthReferralId, e.attendedAt]),
    ),
  ];
}

/** The programme's events: counts of pseudonyms, each in a trace of its own (access.md, the wall). */
function countedBehindTheWall(pseudonym: Pseudonym): readonly Heard[] {
  const newTrace = true;
  const participant = (...ids: readonly string[]): string =>
    Buffer.from(pseudonym('programme-participant', ids.join('|'))).toString('hex');
  return [
    kept(
      ParticipantEnrolled,
      activity('programme-enrolled', (e) => [participant(e.participantId), e.enrolledAt]),
      newTrace,
    ),
    kept(
      ProgrammeSessionAttended,
      activity('programme-session-attended', (e) => [participant(e.participantId, e.sessionId), e.heldAt]),
      newTrace,
    ),
    kept(
      ProgrammeSessionMissed,
      activity('programme-session-missed', (e) => [participant(e.participantId, e.sessionId), e.heldAt]),
      newTrace,
    ),
    kept(
      RiskSignalRaised,
      activity('programme-risk-signal', (e) => [e.riskSignalId, e.occurredAt]),
      newTrace,
    ),
  ];
}

function activity<Event>(
  name: Activity,
  about: (event: Event) => readonly [subject: string, at: Date | undefined],
): FactOf<Event> {
  return (event, version) => {
    const [subject, at] = about(event);
    return activityFact(name, subject, version, at);
  };
}

function kept<Event>(codec: Codec<Event>, factOf: FactOf<Event>, newTrace = false): Heard {
  return on(codec, {
    newTrace,
    apply: (event: Event, unit: EventUnit<PrismaClient>) =>
      keep(unit.db, factOf(event, unit.aggregateVersion)),
  });
}
