import type { Unit } from '@midas/kit';
import { ReferralAccepted, ReferralRejected, ReferralSubmitted } from '@midas/proto/referral/v1/events';
import { ReferralKind, RejectionReason, SupportKind } from '@midas/proto/referral/v1/referral';
import type { Referral } from './referral.ts';

type Publisher = Pick<Unit<never>, 'publish'>;

/** Publishes what happened to a referral, told from the state it reached. Hears nothing. */
export function publishReferral(unit: Publisher, referral: Referral): void {
  if (referral.status === 'SUBMITTED') publishSubmitted(unit, referral);
  if (referral.status === 'ACCEPTED') publishAccepted(unit, referral);
  if (referral.status === 'REJECTED') publishRejected(unit, referral);
}

const aggregate = ({ id, version }: Referral) => ({ type: 'referral', id, version });

function publishSubmitted(unit: Publisher, referral: Referral): void {
  const { id, organisation, kind, support, referredAt } = referral;
  const event = {
    referralId: id,
    organisation,
    kind: ReferralKind[kind],
    support: SupportKind[support],
    referredAt,
  };
  unit.publish(ReferralSubmitted, event, aggregate(referral), referredAt);
}

function publishAccepted(unit: Publisher, referral: Referral): void {
  const acceptedAt = referral.decidedAt ?? undefined;
  unit.publish(ReferralAccepted, { referralId: referral.id, acceptedAt }, aggregate(referral), acceptedAt);
}

function publishRejected(unit: Publisher, referral: Referral): void {
  const rejectedAt = referral.decidedAt ?? undefined;
  const reason = RejectionReason[referral.rejectionReason ?? 'UNSPECIFIED'];
  unit.publish(
    ReferralRejected,
    { referralId: referral.id, reason, rejectedAt },
    aggregate(referral),
    rejectedAt,
  );
}
