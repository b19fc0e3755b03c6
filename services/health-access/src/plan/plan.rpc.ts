import {
  type Answer,
  type Call,
  command,
  fail,
  type Handlers,
  notFound,
  query,
  type Remote,
} from '@midas/kit';
import type { CaseServiceService } from '@midas/proto/case/v1/case';
import {
  type HealthAccessServiceService,
  HealthReferralStatus,
  HealthNeed as NeedMessage,
  HealthPlan as PlanMessage,
  HealthReferral as ReferralMessage,
} from '@midas/proto/health_access/v1/health_access';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { publishNeedFound, publishReferralAttended, publishReferralMade } from './plan.events.ts';
import type { NeedOfPlan, OfPlan, PlanStore, ReferralOfPlan, WholePlan } from './plan.store.ts';
import {
  attendReferral,
  findNeed,
  type HealthNeed,
  type HealthPlan,
  type HealthReferral,
  makeReferral,
  openPlan,
} from './plan.ts';

type Db = Pick<PrismaClient, 'healthPlan' | 'healthNeed' | 'healthReferral'>;
type Action = 'read' | 'write';
type CallWithDb = Call & { readonly db: Db };

interface Deps {
  readonly plans: PlanStore;
  readonly cases: Remote<typeof CaseServiceService>;
  readonly newId: () => string;
}

export function planHandlers({
  plans,
  cases,
  newId,
}: Deps): Handlers<typeof HealthAccessServiceService, PrismaClient> {
  const load = async (call: CallWithDb, action: Action, id: string): Promise<WholePlan> =>
    call.require(action, 'HealthPlan', await plans.findPlan(call.db, id));

  const loadNeed = async (call: CallWithDb, action: Action, id: string) =>
    permitted(call, action, await plans.findNeed(call.db, id));

  const loadReferral = async (call: CallWithDb, action: Action, id: string) =>
    permitted(call, action, await plans.findReferral(call.db, id));

  const reread = async (id: string, call: CallWithDb) => showPlan(call, await load(call, 'read', id));

  return {
    openHealthPlan: command({
      prepare: ({ caseId }, call) => {
        if (!call.may('open', 'HealthPlan', { caseId })) throw notFound('Case');
        return cases.getCaseForHealth({ caseId }, { call });
      },
      decide: async ({ occurredAt }, unit, facts) => {
        const opened = openPlan(newId(), facts, unit.caller.userName, { at: occurredAt, now: unit.now });
        const { plan, added } = await plans.addPlan(unit.db, opened);
        if (!added) alreadyThere(unit, plan);
        return { id: plan.id, version: 1, answer: showPlan(unit, { ...plan, needs: [], referrals: [] }) };
      },
      reread,
    }),

    getHealthPlan: query(async ({ healthPlanId }, call) => ({
      answer: await reread(healthPlanId, call),
      audit: [healthPlanId],
    })),

    listHealthPlans: query(async ({ pageSize, pageToken, caseId }, call) => {
      const where = { AND: [call.where('read', 'HealthPlan'), caseId ? { caseId } : {}] };
      const request = { size: pageSize, token: pageToken, binding: ['health-plans', caseId] };
      const found = await call.page(request, (keyset) => plans.listPlans(call.db, where, keyset));
      const answer = {
        healthPlans: found.rows.map((plan) => showPlan(call, plan)),
        nextPageToken: found.nextPageToken,
      };
      return { answer, audit: found.rows.map(({ id }) => id) };
    }),

    recordHealthNeed: command({
      decide: async (sent, unit) => {
        const plan = await load(unit, 'write', sent.healthPlanId);
        const need = findNeed(newId(), plan, sent, unit.now);
        await plans.addNeed(unit.db, need);
        publishNeedFound(unit, plan, need);
        return { id: need.id, version: 1, answer: showNeed(unit, { plan, need }), audit: [plan.id, need.id] };
      },
      reread: async (id, call) => showNeed(call, await loadNeed(call, 'read', id)),
    }),

    makeHealthReferral: command({
      decide: async (sent, unit) => {
        const plan = await load(unit, 'write', sent.healthPlanId);
        const need = plan.needs.find(({ id }) => id === sent.healthNeedId) ?? null;
        const referral = makeReferral(newId(), plan, need, sent, unit.now);
        await plans.addReferral(unit.db, referral);
        publishReferralMade(unit, plan, referral);
        return answered(unit, { plan, referral });
      },
      reread: async (id, call) => showReferral(call, await loadReferral(call, 'read', id)),
    }),

    recordHealthAttendance: command({
      decide: async ({ healthReferralId, attendedAt }, unit) => {
        const { plan, referral } = await loadReferral(unit, 'write', healthReferralId);
        unit.match(showReferral(unit, { plan, referral }));
        const attended = attendReferral(referral, { at: attendedAt, now: unit.now });
        await plans.attend(unit.db, attended);
        publishReferralAttended(unit, plan, attended);
        return answered(unit, { plan, referral: attended });
      },
      reread: async (id, call) => showReferral(call, await loadReferral(call, 'read', id)),
    }),
  };
}

/** The case has a plan: told to whoever may read it. To anybody else there is no such case. */
function alreadyThere(call: Call, plan: HealthPlan): never {
  if (!call.may('read', 'HealthPlan', plan)) throw notFound('Case');
  return fail('conflict', 'health-plan-exists', `This case has a health plan already: ${plan.id}.`);
}

/** What was found, if the caller may do this to its plan; unknown and not to be read are the same 404. */
function permitted<T extends OfPlan>(call: Call, action: Action, found: T | null): T {
  if (found === null) throw notFound('HealthPlan');
  call.require(action, 'HealthPlan', found.plan);
  return found;
}

const answered = (call: Call, { plan, referral }: ReferralOfPlan): Answer<ReferralMessage> => ({
  id: referral.id,
  version: referral.version,
  answer: showReferral(call, { plan, referral }),
  audit: [plan.id, referral.id],
});

const needMessage = ({ id, foundAt, sent }: HealthNeed): NeedMessage => ({
  healthNeedId: id,
  kind: sent.kind,
  foundAt,
  barrier: sent.barrier,
  maskedFields: [],
});

const referralMessage = ({
  id,
  needId,
  status,
  referredAt,
  attendedAt,
  sent,
}: HealthReferral): ReferralMessage => ({
  healthReferralId: id,
  healthNeedId: needId,
  status: HealthReferralStatus[status],
  service: sent.service,
  referredAt,
  attendedAt: attendedAt ?? undefined,
  maskedFields: [],
});

const showNeed = (call: Call, { plan, need }: NeedOfPlan): NeedMessage =>
  call.show('HealthPlan', plan, NeedMessage, needMessage(need));

const showReferral = (call: Call, { plan, referral }: ReferralOfPlan): ReferralMessage =>
  call.show('HealthPlan', plan, ReferralMessage, referralMessage(referral));

/** The plan as it is answered, nothing masked. */
export const planMessage = (plan: WholePlan): PlanMessage => ({
  healthPlanId: plan.id,
  caseId: plan.caseId,
  navigator: plan.navigator,
  nhsNumber: plan.nhsNumber ?? '',
  openedAt: plan.openedAt,
  recordedAt: plan.recordedAt,
  needs: plan.needs.map(needMessage),
  referrals: plan.referrals.map(referralMessage),
  maskedFields: [],
});

const showPlan = (call: Call, plan: WholePlan): PlanMessage =>
  call.show('HealthPlan', plan, PlanMessage, planMessage(plan));
