import { fail, notFound, on, type Remote, type Subscription, type Unit } from '@midas/kit';
import { PersonRole, type PersonServiceService } from '@midas/proto/case/v1/case';
import { MaracHeard, MaracReferred } from '@midas/proto/risk/v1/events';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { storeFindings } from './marac.findings.ts';
import type { MaracStore } from './marac.store.ts';
import { identified, type MaracReferral } from './marac.ts';
import type { RepeatRule } from './repeat.ts';

type Publisher = Pick<Unit<never>, 'publish'>;

const aggregate = ({ id, version }: MaracReferral) => ({ type: 'marac-referral', id, version });

export function publishReferred(unit: Publisher, referral: MaracReferral): void {
  const { id, organisation, referredAt } = referral;
  unit.publish(
    MaracReferred,
    { maracReferralId: id, organisation, referredAt },
    aggregate(referral),
    referredAt,
  );
}

export function publishHeard(unit: Publisher, referral: MaracReferral): void {
  const heardAt = referral.heardAt ?? undefined;
  unit.publish(MaracHeard, { maracReferralId: referral.id, heardAt }, aggregate(referral), heardAt);
}

interface Deps {
  readonly db: PrismaClient;
  readonly referrals: MaracStore;
  readonly persons: Remote<PersonServiceService>;
  readonly rule: RepeatRule;
}

/**
 * Hears its own MaracReferred: finds out who the persons are and makes the findings of that victim again. Whatever
 * the order of referrals, the last one to be identified sees them all, so the findings end up the same.
 */
export function maracSubscriptions({
  db,
  referrals,
  persons,
  rule,
}: Deps): readonly Subscription<PrismaClient>[] {
  return [
    on(MaracReferred, {
      prepare: async ({ maracReferralId }: MaracReferred): Promise<readonly string[]> => {
        const referral = await referrals.find(db, maracReferralId);
        if (referral === null) throw notFound('MaracReferral');
        const { victim, perpetrators } = referral.sent;
        const { personIds } = await persons.resolvePersons({
          sourceKind: 'marac-referral',
          sourceId: maracReferralId,
          persons: [
            { role: PersonRole.VICTIM, particulars: victim },
            ...perpetrators.map((particulars) => ({ role: PersonRole.ALLEGED_PERPETRATOR, particulars })),
          ],
        });
        return personIds;
      },
      apply: async ({ maracReferralId }, unit, personIds) => {
        const victimPersonId =
          personIds[0] ?? fail('invalid', 'victim-not-identified', 'A referral has no victim.');
        await referrals.lockVictim(unit.db, victimPersonId);
        const held = await referrals.ofVictim(unit.db, victimPersonId, maracReferralId);
        const ofVictim = held.map((one) => (one.id === maracReferralId ? identified(one, personIds) : one));
        await storeFindings(unit, referrals, ofVictim, rule);
      },
    }),
  ];
}
