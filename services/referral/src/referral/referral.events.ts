import { notFound, on, type Remote, type Subscription, type Unit } from '@midas/kit';
import type { PersonServiceService } from '@midas/proto/case/v1/case';
import { ReferralAccepted, ReferralRejected, ReferralSubmitted } from '@midas/proto/referral/v1/events';
import { ReferralKind, RejectionReason, SupportKind } from '@midas/proto/referral/v1/referral';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { personsOf } from '../persons.ts';
import type { ReferralStore } from './referral.store.ts';
import type { Referral } from './referral.ts';

type Publisher = Pick<Unit<never>, 'publish'>;

/** Publishes what happened to a referral, told from the state it reached. */
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

interface Deps {
  readonly db: PrismaClient;
  readonly referrals: ReferralStore;
  readonly persons: Remote<PersonServiceService>;
}

/** Hears its own ReferralSubmitted to find out whom it is about, so that a conflict of interest can hide it. */
export function referralSubscriptions({ db, referrals, persons }: Deps): Subscription<PrismaClient> {
  return on(ReferralSubmitted, {
    prepare: async ({ referralId: id }: ReferralSubmitted): Promise<readonly string[]> => {
      const referral = await referrals.find(db, id);
      if (referral === null) throw notFound('Referral');
      const { sent } = referral;
      return personsOf(persons, { kind: 'referral', id }, sent.person, sent.allegedPerpetrators);
    },
    apply: ({ referralId }, unit, personIds) => referrals.identify(unit.db, referralId, personIds),
  });
}
