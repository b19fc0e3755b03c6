import { type Codec, enumName, type EventUnit, on, type Subscription } from '@midas/kit';
import { GroupProgramme } from '@midas/proto/case/v1/case';
import { CaseAllocated, CaseClosed, CaseEngaged, CaseOpened, GroupSessionAttended } from '@midas/proto/case/v1/events';
import { RiskLevel } from '@midas/proto/common/v1/risk';
import { HealthNeedFound, HealthReferralAttended, HealthReferralMade } from '@midas/proto/health_access/v1/events';
import {
  ParticipantEnrolled,
  ProgrammeSessionAttended,
  ProgrammeSessionMissed,
  RiskSignalRaised,
} from '@midas/proto/perpetrator_programme/v1/events';
import { IncidentReported, ReferralAccepted, ReferralRejected, ReferralSubmitted } from '@midas/proto/referral/v1/events';
import { IncidentKind, ReferralKind, SupportKind } from '@midas/proto/referral/v1/referral';
import { AssessmentRecorded, MaracHeard, MaracReferred, MaracRepeatFound } from '@midas/proto/risk/v1/events';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { type Activity, type Fact, timeOf } from './fact.ts';
import { keep } from './fact.store.ts';

/** A keyed digest of an id, by purpose; the same id gives the same pseudonym and no way back. */
export type Pseudonym = (purpose: string, value: string) => Uint8Array<ArrayBuffer>;

/** Everything that outcomes hears, each event as one fact. */
export function factSubscriptions(pseudonym: Pseudonym): readonly Subscription<PrismaClient>[] {
  return [...measuredFacts(pseudonym), ...activities(), ...programmeActivities(pseudonym)];
}

function measuredFacts(pseudonym: Pseudonym): readonly Subscription<PrismaClient>[] {
  return [
    kept(IncidentReported, (event, version) => ({
      of: 'incident',
      row: {
        incidentId: event.incidentId,
        version,
        organisation: event.organisation,
        kind: enumName(IncidentKind, event.kind),
        occurredAt: timeOf(event.occurredAt),
        reportedAt: timeOf(event.reportedAt),
      },
    })),
    kept(AssessmentRecorded, (event, version) => ({
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
    })),
    kept(ReferralSubmitted, (event, version) => ({
      of: 'referral',
      row: {
        referralId: event.referralId,
        version,
        organisation: event.organisation,
        kind: enumName(ReferralKind, event.kind),
        support: enumName(SupportKind, event.support),
        referredAt: timeOf(event.referredAt),
      },
    })),
    kept(CaseEngaged, (event, version) => ({
      of: 'engagement',
      row: { referralId: event.referralId, version, engagedAt: timeOf(event.engagedAt) },
    })),
    kept(MaracReferred, (event, version) => ({
      of: 'maracReferral',
      row: {
        maracReferralId: event.maracReferralId,
        version,
        organisation: event.organisation,
        referredAt: timeOf(event.referredAt),
      },
    })),
    kept(MaracRepeatFound, ({ maracReferralId, repeat, windowMonths }, version) => ({
      of: 'maracRepeat',
      row: { maracReferralId, version, repeat, windowMonths },
    })),
    kept(GroupSessionAttended, (event, version) => ({
      of: 'attendance',
      row: {
        sessionId: event.sessionId,
        person: pseudonym('person', event.personId),
        version,
        programme: enumName(GroupProgramme, event.programme),
        heldAt: timeOf(event.heldAt),
      },
    })),
  ];
}

function activities(): readonly Subscription<PrismaClient>[] {
  return [
    kept(ReferralAccepted, (e, version) => activity('referral-accepted', e.referralId, version, e.acceptedAt)),
    kept(ReferralRejected, (e, version) => activity('referral-rejected', e.referralId, version, e.rejectedAt)),
    kept(MaracHeard, (e, version) => activity('marac-heard', e.maracReferralId, version, e.heardAt)),
    kept(CaseOpened, (e, version) => activity('case-opened', e.caseId, version, e.openedAt)),
    kept(CaseAllocated, (e, version) => activity('case-allocated', e.caseId, version, e.allocatedAt)),
    kept(CaseClosed, (e, version) => activity('case-closed', e.caseId, version, e.closedAt)),
    kept(HealthNeedFound, (e, version) => activity('health-need-found', e.healthNeedId, version, e.foundAt)),
    kept(HealthReferralMade, (e, version) => activity('health-referral-made', e.healthReferralId, version, e.referredAt)),
    kept(HealthReferralAttended, (e, version) =>
      activity('health-referral-attended', e.healthReferralId, version, e.attendedAt),
    ),
  ];
}

/** From behind the wall: counts only, of pseudonyms, in a trace of their own. */
function programmeActivities(pseudonym: Pseudonym): readonly Subscription<PrismaClient>[] {
  const participant = (...parts: readonly string[]): string =>
    Buffer.from(pseudonym('programme-participant', parts.join('|'))).toString('hex');
  const apart = { newTrace: true };
  return [
    kept(
      ParticipantEnrolled,
      (e, version) => activity('programme-enrolled', participant(e.participantId), version, e.enrolledAt),
      apart,
    ),
    kept(
      ProgrammeSessionAttended,
      (e, version) =>
        activity('programme-session-attended', participant(e.participantId, e.sessionId), version, e.heldAt),
      apart,
    ),
    kept(
      ProgrammeSessionMissed,
      (e, version) => activity('programme-session-missed', participant(e.participantId, e.sessionId), version, e.heldAt),
      apart,
    ),
    kept(
      RiskSignalRaised,
      (e, version) => activity('programme-risk-signal', e.riskSignalId, version, e.occurredAt),
      apart,
    ),
  ];
}

function activity(activity: Activity, subject: string, version: number, at: Date | undefined): Fact {
  return { of: 'activity', row: { activity, subject, version, occurredAt: timeOf(at) } };
}

function kept<Event>(
  codec: Codec<Event>,
  fact: (event: Event, version: number) => Fact,
  options: { readonly newTrace?: boolean } = {},
): Subscription<PrismaClient> {
  return on(codec, {
    ...options,
    apply: (event: Event, unit: EventUnit<PrismaClient>) => keep(unit.db, fact(event, unit.aggregateVersion)),
  });
}
