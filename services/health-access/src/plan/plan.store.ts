import { fail, type Keyset, type Sealer } from '@midas/kit';
import {
  MakeHealthReferralRequest,
  RecordHealthNeedRequest,
} from '@midas/proto/health_access/v1/health_access';
import type {
  HealthNeed as NeedRow,
  HealthPlan as PlanRow,
  Prisma,
  PrismaClient,
  HealthReferral as ReferralRow,
} from '../../gen/prisma/client.ts';
import type { HealthNeed, HealthPlan, HealthReferral } from './plan.ts';

type Db = Pick<PrismaClient, 'healthPlan' | 'healthNeed' | 'healthReferral'>;
export type PlanStore = ReturnType<typeof planStore>;

/** A plan with all that was recorded in it, oldest first. */
export interface WholePlan extends HealthPlan {
  readonly needs: readonly HealthNeed[];
  readonly referrals: readonly HealthReferral[];
}

export interface OfPlan {
  readonly plan: HealthPlan;
}
export interface NeedOfPlan extends OfPlan {
  readonly need: HealthNeed;
}
export interface ReferralOfPlan extends OfPlan {
  readonly referral: HealthReferral;
}

const contents = {
  needs: { orderBy: [{ foundAt: 'asc' }, { id: 'asc' }] },
  referrals: { orderBy: [{ referredAt: 'asc' }, { id: 'asc' }] },
} satisfies Prisma.HealthPlanInclude;

/** Plans, needs and referrals in the database. NHS number and what was sent are sealed, column by column. */
export function planStore(sealer: Sealer) {
  const nhsNumber = sealer.column('health_plan', 'nhs_number');
  const needSent = sealer.column('health_need', 'sent');
  const referralSent = sealer.column('health_referral', 'sent');

  const openPlan = (row: PlanRow): HealthPlan => ({
    ...row,
    nhsNumber: nhsNumber.openText(row.id, row.nhsNumber) ?? null,
  });
  const openNeed = (row: NeedRow): HealthNeed => ({
    ...row,
    sent: needSent.open(row.id, RecordHealthNeedRequest, row.sent),
  });
  const openReferral = (row: ReferralRow): HealthReferral => ({
    ...row,
    sent: referralSent.open(row.id, MakeHealthReferralRequest, row.sent),
  });
  const openWhole = (row: PlanRow & { needs: NeedRow[]; referrals: ReferralRow[] }): WholePlan => ({
    ...openPlan(row),
    needs: row.needs.map(openNeed),
    referrals: row.referrals.map(openReferral),
  });

  return {
    /** Stores a new plan, or answers with the one that its case has. */
    async addPlan(db: Db, plan: HealthPlan): Promise<{ readonly plan: HealthPlan; readonly added: boolean }> {
      const data = [{ ...plan, nhsNumber: nhsNumber.sealText(plan.id, plan.nhsNumber) }];
      const { count } = await db.healthPlan.createMany({ data, skipDuplicates: true });
      if (count === 1) return { plan, added: true };
      const { caseId } = plan;
      return { plan: openPlan(await db.healthPlan.findUniqueOrThrow({ where: { caseId } })), added: false };
    },

    async addNeed(db: Db, need: HealthNeed): Promise<void> {
      const sent = needSent.seal(need.id, RecordHealthNeedRequest, need.sent);
      await db.healthNeed.create({ data: { ...need, sent } });
    },

    async addReferral(db: Db, referral: HealthReferral): Promise<void> {
      const sent = referralSent.seal(referral.id, MakeHealthReferralRequest, referral.sent);
      await db.healthReferral.create({ data: { ...referral, sent } });
    },

    /** Stores an attendance; 412 `stale` when the referral was changed since it was read. */
    async attend(db: Db, { id, version, status, attendedAt }: HealthReferral): Promise<void> {
      const where = { id, version: version - 1 };
      const { count } = await db.healthReferral.updateMany({ where, data: { version, status, attendedAt } });
      if (count === 0) fail('stale', 'stale', 'The referral was changed meanwhile; read it again.');
    },

    async findPlan(db: Db, id: string): Promise<WholePlan | null> {
      const row = await db.healthPlan.findUnique({ where: { id }, include: contents });
      return row && openWhole(row);
    },

    async findNeed(db: Db, id: string): Promise<NeedOfPlan | null> {
      const row = await db.healthNeed.findUnique({ where: { id }, include: { plan: true } });
      return row && { need: openNeed(row), plan: openPlan(row.plan) };
    },

    async findReferral(db: Db, id: string): Promise<ReferralOfPlan | null> {
      const row = await db.healthReferral.findUnique({ where: { id }, include: { plan: true } });
      return row && { referral: openReferral(row), plan: openPlan(row.plan) };
    },

    /** Plans of these persons. */
    async ofPersons(db: Db, personIds: readonly string[]): Promise<readonly WholePlan[]> {
      const rows = await db.healthPlan.findMany({
        where: { personId: { in: [...personIds] } },
        include: contents,
        orderBy: [{ recordedAt: 'asc' }, { id: 'asc' }],
      });
      return rows.map(openWhole);
    },

    /** Puts other content in the place of what was recorded of a need. */
    async replaceNeed(db: Db, id: string, content: RecordHealthNeedRequest): Promise<void> {
      const sent = needSent.seal(id, RecordHealthNeedRequest, content);
      await db.healthNeed.updateMany({ where: { id }, data: { sent } });
    },

    /** Puts other content in the place of what was recorded of a referral. */
    async replaceReferral(db: Db, id: string, content: MakeHealthReferralRequest): Promise<void> {
      const sent = referralSent.seal(id, MakeHealthReferralRequest, content);
      await db.healthReferral.updateMany({ where: { id }, data: { sent } });
    },

    async forgetNhsNumber(db: Db, id: string): Promise<void> {
      await db.healthPlan.updateMany({ where: { id }, data: { nhsNumber: null } });
    },

    /** Plans under a condition, newest first. */
    async listPlans(
      db: Db,
      where: Prisma.HealthPlanWhereInput,
      keyset: Keyset,
    ): Promise<readonly WholePlan[]> {
      const rows = await db.healthPlan.findMany({
        ...keyset,
        where: { AND: [where, keyset.where] },
        include: contents,
      });
      return rows.map(openWhole);
    },
  };
}
