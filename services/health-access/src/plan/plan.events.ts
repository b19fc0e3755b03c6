import type { Unit } from '@midas/kit';
import {
  HealthNeedFound,
  HealthReferralAttended,
  HealthReferralMade,
} from '@midas/proto/health_access/v1/events';
import type { HealthNeed, HealthPlan, HealthReferral } from './plan.ts';

type Publisher = Pick<Unit<never>, 'publish'>;

/** Events carry the ids of plan and case; what the need is stays here. Hears nothing. */
export function publishNeedFound(unit: Publisher, plan: HealthPlan, need: HealthNeed): void {
  unit.publish(
    HealthNeedFound,
    { healthNeedId: need.id, healthPlanId: plan.id, caseId: plan.caseId, foundAt: need.foundAt },
    { type: 'health-need', id: need.id, version: 1 },
    need.foundAt,
  );
}

export function publishReferralMade(unit: Publisher, plan: HealthPlan, referral: HealthReferral): void {
  unit.publish(
    HealthReferralMade,
    {
      healthReferralId: referral.id,
      healthPlanId: plan.id,
      caseId: plan.caseId,
      referredAt: referral.referredAt,
    },
    { type: 'health-referral', id: referral.id, version: referral.version },
    referral.referredAt,
  );
}

export function publishReferralAttended(unit: Publisher, plan: HealthPlan, referral: HealthReferral): void {
  const attendedAt = referral.attendedAt ?? undefined;
  unit.publish(
    HealthReferralAttended,
    { healthReferralId: referral.id, healthPlanId: plan.id, caseId: plan.caseId, attendedAt },
    { type: 'health-referral', id: referral.id, version: referral.version },
    attendedAt,
  );
}
