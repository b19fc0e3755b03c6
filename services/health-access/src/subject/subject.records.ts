import { retentionByPerson, type SubjectRecords, subjectFields, yearsLater } from '@midas/kit';
import {
  MakeHealthReferralRequest,
  HealthPlan as Message,
  RecordHealthNeedRequest,
} from '@midas/proto/health_access/v1/health_access';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { planMessage } from '../plan/plan.rpc.ts';
import type { PlanStore } from '../plan/plan.store.ts';

interface Deps {
  readonly plans: PlanStore;
  readonly retentionYears: number;
}

/** What health-access holds of a data subject: the health plans with their needs and referrals. */
export function healthRecords({ plans, retentionYears }: Deps): SubjectRecords<PrismaClient> {
  const ofPersons = (personIds: readonly string[]) => ({ where: { personId: { in: [...personIds] } } });
  const standing = { capacity: 'SUBJECT' } as const;
  return {
    async find(db, personIds) {
      const found = await plans.ofPersons(db, personIds);
      return found.map((plan) => ({
        kind: 'health-plan',
        id: plan.id,
        standing,
        recordedAt: plan.recordedAt,
        fields: subjectFields(Message, planMessage(plan), standing),
      }));
    },

    async recordIds(db, personIds) {
      const rows = await db.healthPlan.findMany({
        ...ofPersons(personIds),
        select: { id: true, referrals: { select: { id: true } } },
      });
      return rows.flatMap(({ id, referrals }) => [id, ...referrals.map((referral) => referral.id)]);
    },

    async retention(db, personIds) {
      const select = { personId: true, recordedAt: true } as const;
      const rows = await db.healthPlan.findMany({ ...ofPersons(personIds), select });
      return retentionByPerson(
        rows.map(({ personId, recordedAt }) => ({
          personId,
          keepUntil: yearsLater(recordedAt, retentionYears),
        })),
      );
    },

    async erase(db, personIds) {
      let erased = 0;
      for (const plan of await plans.ofPersons(db, personIds)) {
        const needs = plan.needs.filter(({ sent }) => sent.healthPlanId !== '');
        const referrals = plan.referrals.filter(({ sent }) => sent.healthPlanId !== '');
        for (const { id } of needs) await plans.replaceNeed(db, id, RecordHealthNeedRequest.fromPartial({}));
        for (const { id } of referrals)
          await plans.replaceReferral(db, id, MakeHealthReferralRequest.fromPartial({}));
        if (plan.nhsNumber !== null) await plans.forgetNhsNumber(db, plan.id);
        if (needs.length > 0 || referrals.length > 0 || plan.nhsNumber !== null) erased += 1;
      }
      return erased;
    },
  };
}
