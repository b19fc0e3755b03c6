import type { Unit } from '@midas/kit';
import { ReferralAccepted, ReferralRejected, ReferralSubmitted } from '@midas/proto/referral/v1/events';
import { ReferralKind, RejectionReason, SupportKind } from '@midas/proto/referral/v1/referral';
import type { Referral } from './referral.ts';

/** Publishes what happened to a referral, told from the state it reached. Hears nothing. */
export function publishReferral(unit: Pick<Unit<never>, 'publish'>, referral: Referral): void {
  const aggregate = { type: 'referral', id: referral.id, version: referral.version };
  const decidedAt = referral.decidedAt ?? undefined;
  switch (referral.status) {
    case 'SUBMITTED':
      return unit.publish(
        ReferralSubmitted,
        {
          referralId: referral.id,
          organisation: referral.organisation,
          kind: ReferralKind[referral.kind],
          support: SupportKind[referral.support],
          referredAt: referral.referredAt,
        },
        aggregate,
        referral.referredAt,
      );
    case 'ACCEPTED':
      return unit.publish(ReferralAccepted, { referralId: referral.id, acceptedAt: decidedAt }, aggregate, decidedAt);
    case 'REJECTED':
      return unit.publish(
        ReferralRejected,
        {
          referralId: referral.id,
          reason: RejectionReason[referral.rejectionReason ?? 'UNSPECIFIED'],
          rejectedAt: decidedAt,
        },
        aggregate,
        decidedAt,
      );
  }
}
