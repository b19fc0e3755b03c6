import { type EnumName, fail } from '@midas/kit/rules';
import type {
  HealthReferralStatus,
  MakeHealthReferralRequest,
  RecordHealthNeedRequest,
} from '@midas/proto/health_access/v1/health_access';

/** The health plan of a case, kept by the navigator who opened it. */
export interface HealthPlan {
  readonly id: string;
  readonly caseId: string;
  readonly personId: string;
  readonly teamId: string | null;
  /** User name. */
  readonly navigator: string;
  readonly nhsNumber: string | null;
  readonly openedAt: Date;
  readonly recordedAt: Date;
}

export interface HealthNeed {
  readonly id: string;
  readonly planId: string;
  readonly foundAt: Date;
  readonly recordedAt: Date;
  /** The whole request, as sent. */
  readonly sent: RecordHealthNeedRequest;
}

/** MADE until the person attended; one attendance a referral. */
export interface HealthReferral {
  readonly id: string;
  readonly planId: string;
  readonly needId: string;
  readonly status: EnumName<typeof HealthReferralStatus>;
  readonly referredAt: Date;
  readonly attendedAt: Date | null;
  readonly recordedAt: Date;
  /** The whole request, as sent. */
  readonly sent: MakeHealthReferralRequest;
  /** 1 when made, 2 when attended. */
  readonly version: number;
}

/** What `case` says of the case a plan is opened for. */
export interface CaseFacts {
  readonly caseId: string;
  readonly personId: string;
  readonly team: string;
  readonly person?: { readonly nhsNumber: string } | undefined;
}

/** When the caller says it happened; now when left out. */
export interface HappenedAt {
  readonly at: Date | undefined;
  readonly now: Date;
}

export function openPlan(
  id: string,
  facts: CaseFacts,
  navigator: string,
  { at, now }: HappenedAt,
): HealthPlan {
  return {
    id,
    caseId: facts.caseId,
    personId: facts.personId,
    teamId: facts.team || null,
    navigator,
    nhsNumber: facts.person?.nhsNumber || null,
    openedAt: at ?? now,
    recordedAt: now,
  };
}

export function findNeed(id: string, plan: HealthPlan, sent: RecordHealthNeedRequest, now: Date): HealthNeed {
  return { id, planId: plan.id, foundAt: sent.foundAt ?? now, recordedAt: now, sent };
}

/**
 * Refers the person for a need. A need of another plan is refused in the words for a need that does not
 * exist (400 `health-need-unknown`), and so is a referral made before its need was found (400).
 */
export function makeReferral(
  id: string,
  plan: HealthPlan,
  need: HealthNeed | null,
  sent: MakeHealthReferralRequest,
  now: Date,
): HealthReferral {
  if (need === null || need.planId !== plan.id)
    return fail('invalid', 'health-need-unknown', 'This plan has no such need.', [
      { field: 'health_need_id', rule: 'need_of_plan', message: 'must be the id of a need of this plan' },
    ]);
  const referredAt = sent.referredAt ?? now;
  if (referredAt < need.foundAt)
    fail('invalid', 'referred-before-found', 'The referral lies before its need was found.', [
      {
        field: 'referred_at',
        rule: 'not_before_found_at',
        message: "must not be before the need's found_at",
      },
    ]);
  return {
    id,
    planId: plan.id,
    needId: need.id,
    status: 'MADE',
    referredAt,
    attendedAt: null,
    recordedAt: now,
    sent,
    version: 1,
  };
}

/** Records that the person attended; 409 when that is recorded already, 400 when before the referral was made. */
export function attendReferral(referral: HealthReferral, { at, now }: HappenedAt): HealthReferral {
  if (referral.status === 'ATTENDED')
    fail('conflict', 'health-referral-already-attended', 'Attendance at this referral is recorded already.');
  const attendedAt = at ?? now;
  if (attendedAt < referral.referredAt)
    fail('invalid', 'attended-before-referred', 'The attendance lies before the referral was made.', [
      {
        field: 'attended_at',
        rule: 'not_before_referred_at',
        message: "must not be before the referral's referred_at",
      },
    ]);
  return { ...referral, status: 'ATTENDED', attendedAt, version: referral.version + 1 };
}
