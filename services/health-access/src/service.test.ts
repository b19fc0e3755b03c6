import { randomUUID } from 'node:crypto';
import { notFound, type Running } from '@midas/kit';
import {
  forwardedUser,
  serviceClient,
  type TestDatabase,
  type TestNats,
  type TestPeer,
  testDatabase,
  testNats,
  testPeer,
  testServiceConfig,
  waitFor,
} from '@midas/kit/testing';
import {
  CallerFacts,
  CallerFactsServiceService,
  RelationKind,
  ShareScope,
} from '@midas/proto/case/v1/access';
import { CaseForHealth, CaseServiceService } from '@midas/proto/case/v1/case';
import {
  HealthAccessServiceService,
  HealthNeedKind,
  HealthReferralStatus,
} from '@midas/proto/health_access/v1/health_access';
import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrismaClient } from '../gen/prisma/client.ts';
import { start } from './service.ts';

const unknownCase = randomUUID();
/** Cases that are shared with an organisation, by the scope of the grant. */
const grants: { readonly organisation: string; readonly caseId: string; readonly scope: ShareScope }[] = [];
const personsBlocked = new Map<string, string[]>();
const personOf = new Map<string, string>();

const share = (caseId: string, organisation = 'ccg', scope: ShareScope = ShareScope.HEALTH): string => {
  grants.push({ organisation, caseId, scope });
  return caseId;
};
const sharedCase = () => share(randomUUID());
const endShares = (ended: string): void => {
  const kept = grants.filter(({ caseId }) => caseId !== ended);
  grants.splice(0, grants.length, ...kept);
};

function personIn(caseId: string): string {
  const known = personOf.get(caseId) ?? randomUUID();
  personOf.set(caseId, known);
  return known;
}

const factsOf = (userName: string): CallerFacts =>
  CallerFacts.fromPartial({
    relations: grants
      .filter(({ organisation }) => userName.endsWith(`@${organisation}`))
      .map(({ caseId, scope }) => ({ kind: RelationKind.SHARED, caseId, scope, personId: personIn(caseId) })),
    blockedPersonIds: personsBlocked.get(userName) ?? [],
  });

let database: TestDatabase;
let nats: TestNats;
let caseService: TestPeer;
let running: Running;
let db: PrismaClient;

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase('health-access'), testNats()]);
  caseService = await testPeer(
    { ...CaseServiceService, ...CallerFactsServiceService },
    {
      getCallerFacts: async (_, metadata) => factsOf(forwardedUser(metadata)),
      getCaseForHealth: async ({ caseId }, metadata) => {
        if (caseId === unknownCase || !metadata['x-user-authorization']) throw notFound('Case');
        const person = { familyName: 'Aldous', nhsNumber: '9434765919' };
        return CaseForHealth.fromPartial({ caseId, personId: personIn(caseId), team: 'team-a', person });
      },
    },
  );
  running = await start(
    testServiceConfig('health-access', {
      DATABASE_URL: database.url,
      ...nats.environment('health-access'),
      CASE_ADDRESS: caseService.address,
    }),
  );
  db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.adminUrl }) });
}, 120_000);

afterAll(async () => {
  await running.drain();
  await db.$disconnect();
  await caseService[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const as = (caller: string) => serviceClient(HealthAccessServiceService, running.address, { as: caller });
const navigator = () => as('health-navigator@ccg');
const refusal = (slug: string) => expect.objectContaining({ slug });
const eventsOf = async (aggregateId: string) =>
  (await db.outboxEvent.findMany({ where: { aggregateId }, orderBy: { seq: 'asc' } })).map(
    ({ subject, aggregateVersion }) => `${aggregateVersion} ${subject}`,
  );

const openPlan = () => navigator().openHealthPlan({ caseId: sharedCase() });
const findNeed = (healthPlanId: string) =>
  navigator().recordHealthNeed({
    healthPlanId,
    kind: HealthNeedKind.DENTAL,
    foundAt: new Date('2017-09-01T09:00:00Z'),
    barrier: 'Afraid of the waiting room.',
  });
const refer = (healthPlanId: string, healthNeedId: string) =>
  navigator().makeHealthReferral({
    healthPlanId,
    healthNeedId,
    service: 'dental-practice',
    referredAt: new Date('2017-09-02T09:00:00Z'),
  });

describe('a plan', () => {
  test('is opened for a case with what case says, and belongs to its navigator', async () => {
    const plan = await openPlan();
    expect(plan).toMatchObject({
      navigator: 'health-navigator@ccg',
      nhsNumber: '9434765919',
      needs: [],
      referrals: [],
    });
    expect(await navigator().getHealthPlan({ healthPlanId: plan.healthPlanId })).toEqual(plan);
    const { teamId, nhsNumber } = await db.healthPlan.findUniqueOrThrow({ where: { id: plan.healthPlanId } });
    expect(teamId).toBe('team-a');
    expect(Buffer.from(nhsNumber ?? []).toString('latin1')).not.toContain('9434765919');
  });

  test('is one a case, also when opened many times at once', async () => {
    const caseId = sharedCase();
    const attempts = Array.from({ length: 4 }, () => navigator().openHealthPlan({ caseId }));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(navigator().openHealthPlan({ caseId })).rejects.toThrow(refusal('health-plan-exists'));
    const { healthPlans } = await navigator().listHealthPlans({ caseId, pageSize: 0, pageToken: '' });
    expect(healthPlans).toHaveLength(1);
  });

  test('is not opened for a case that is not shared for health, or that case does not show, alike', async () => {
    share(unknownCase);
    const summary = share(randomUUID(), 'ccg', ShareScope.SUMMARY);
    const elsewhere = share(randomUUID(), 'housing');
    const attempts = [unknownCase, randomUUID(), summary, elsewhere].map((caseId) =>
      navigator()
        .openHealthPlan({ caseId })
        .catch((error: unknown) => error),
    );
    for (const error of await Promise.all(attempts))
      expect(error).toMatchObject({ slug: 'not-found', message: 'No such case.' });
    expect(await db.healthPlan.count({ where: { caseId: { in: [unknownCase, summary] } } })).toBe(0);
  });

  test('leaves in the audit trail for which case it was refused', async () => {
    const caseId = randomUUID();
    await expect(navigator().openHealthPlan({ caseId })).rejects.toThrow(refusal('not-found'));
    expect(await db.auditEntry.findMany({ where: { recordIds: { has: caseId } } })).toMatchObject([
      { recordIds: [caseId], decision: 'deny', outcome: 'not-found', userName: 'health-navigator@ccg' },
    ]);
  });

  test('is told of to another navigator with whom the case is shared, by its id, and to nobody else', async () => {
    const { healthPlanId, caseId } = await openPlan();
    const other = as('health-navigator@provider');
    await expect(other.openHealthPlan({ caseId })).rejects.toThrow(refusal('not-found'));
    share(caseId, 'provider');
    const error: unknown = await other.openHealthPlan({ caseId }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ slug: 'health-plan-exists' });
    expect((error as Error).message).toContain(healthPlanId);
    expect(await other.getHealthPlan({ healthPlanId })).toMatchObject({ navigator: 'health-navigator@ccg' });
    const need = { healthPlanId, kind: HealthNeedKind.DENTAL, barrier: '' };
    await expect(other.recordHealthNeed(need)).rejects.toThrow(refusal('forbidden'));
  });

  test('is read by a partner’s professional while the case is shared for health', async () => {
    const { healthPlanId, caseId } = await openPlan();
    const housing = as('partner-professional@housing');
    share(caseId, 'housing', ShareScope.FULL);
    const read = () => housing.getHealthPlan({ healthPlanId }).catch(() => undefined);
    const plan = await waitFor(read, { what: 'the share to hold', timeoutMs: 2_000 });
    expect(plan).toMatchObject({ caseId, nhsNumber: '9434765919' });
    endShares(caseId);
    await waitFor(async () => (await read()) === undefined, {
      what: 'the end of the share',
      timeoutMs: 2_000,
    });
    expect((await housing.listHealthPlans({ caseId, pageSize: 0, pageToken: '' })).healthPlans).toEqual([]);
  });

  test('is lost with the share by a navigator of another organisation, to a repeated key as well', async () => {
    const caseId = sharedCase();
    const headers = { 'idempotency-key': randomUUID() };
    const { healthPlanId } = await navigator().openHealthPlan({ caseId }, { headers });
    expect((await navigator().openHealthPlan({ caseId }, { headers })).healthPlanId).toBe(healthPlanId);
    endShares(caseId);
    const gone = () =>
      navigator()
        .getHealthPlan({ healthPlanId })
        .then(
          () => false,
          (error: unknown) => Object(error).slug === 'not-found',
        );
    await waitFor(gone, { what: 'the end of the share', timeoutMs: 2_000 });
    await expect(findNeed(healthPlanId)).rejects.toThrow(refusal('not-found'));
    await expect(navigator().openHealthPlan({ caseId }, { headers })).rejects.toThrow(refusal('not-found'));
  });

  test('stays with the provider’s navigator when the share is over, and is hidden by a conflict of interest', async () => {
    const own = as('health-navigator@provider');
    const caseId = share(randomUUID(), 'provider');
    const { healthPlanId } = await own.openHealthPlan({ caseId });
    endShares(caseId);
    await waitFor(async () => (await own.getHealthPlan({ healthPlanId })).healthPlanId, { what: 'the plan' });
    personsBlocked.set('health-navigator@provider', [personIn(caseId)]);
    await waitFor(
      () =>
        own.getHealthPlan({ healthPlanId }).then(
          () => false,
          (error: unknown) => Object(error).slug === 'not-found',
        ),
      { what: 'the block to hold', timeoutMs: 2_000 },
    );
    personsBlocked.clear();
  });

  test('of another navigator answers like an unknown one, to read and to write', async () => {
    const { healthPlanId, caseId } = await openPlan();
    const other = as('health-navigator@provider');
    const messageOf = (id: string) =>
      other.getHealthPlan({ healthPlanId: id }).catch((error: Error) => error.message);
    expect(await messageOf(healthPlanId)).toBe(await messageOf(randomUUID()));
    const need = { healthPlanId, kind: HealthNeedKind.DENTAL, barrier: '' };
    await expect(other.recordHealthNeed(need)).rejects.toThrow(refusal('not-found'));
    const listed = await other.listHealthPlans({ caseId, pageSize: 0, pageToken: '' });
    expect(listed.healthPlans).toEqual([]);
  });

  test.each(['service-manager@provider', 'case-worker@provider', 'referrer@police', 'commissioner@ccg'])(
    'is nothing to %s',
    async (user) => {
      const attempt = as(user).listHealthPlans({ caseId: '', pageSize: 0, pageToken: '' });
      await expect(attempt).rejects.toThrow(refusal('forbidden'));
    },
  );
});

describe('needs and referrals', () => {
  test('are told by events of ids only and shown in the plan', async () => {
    const { healthPlanId } = await openPlan();
    const need = await findNeed(healthPlanId);
    const referral = await refer(healthPlanId, need.healthNeedId);
    expect(need).toMatchObject({ kind: HealthNeedKind.DENTAL, barrier: 'Afraid of the waiting room.' });
    expect(referral).toMatchObject({ status: HealthReferralStatus.MADE, service: 'dental-practice' });
    expect(await navigator().getHealthPlan({ healthPlanId })).toMatchObject({
      needs: [{ healthNeedId: need.healthNeedId, barrier: need.barrier }],
      referrals: [{ healthReferralId: referral.healthReferralId, service: referral.service }],
    });
    expect(await eventsOf(need.healthNeedId)).toEqual(['1 midas.health-access.need.found.v1']);
    expect(await eventsOf(referral.healthReferralId)).toEqual(['1 midas.health-access.referral.made.v1']);
    const stored = await db.healthNeed.findUniqueOrThrow({ where: { id: need.healthNeedId } });
    expect(Buffer.from(stored.sent).toString('latin1')).not.toContain('waiting');
  });

  test('a referral is for a need of its own plan', async () => {
    const [plan, other] = await Promise.all([openPlan(), openPlan()]);
    const { healthNeedId } = await findNeed(other.healthPlanId);
    await expect(refer(plan.healthPlanId, healthNeedId)).rejects.toThrow(refusal('health-need-unknown'));
    await expect(refer(plan.healthPlanId, randomUUID())).rejects.toThrow(refusal('health-need-unknown'));
  });

  test('a referral is attended once, with the version that was read', async () => {
    const { healthPlanId } = await openPlan();
    const { healthNeedId } = await findNeed(healthPlanId);
    let etag = '';
    const { healthReferralId } = await navigator().makeHealthReferral(
      {
        healthPlanId,
        healthNeedId,
        service: 'dental-practice',
        referredAt: new Date('2017-09-02T09:00:00Z'),
      },
      { received: (headers) => (etag = headers.etag ?? '') },
    );
    const attend = (ifMatch?: string) =>
      navigator().recordHealthAttendance(
        { healthReferralId, attendedAt: new Date('2017-09-20T09:00:00Z') },
        { headers: ifMatch === undefined ? {} : { 'if-match': ifMatch } },
      );
    await expect(attend()).rejects.toThrow(expect.objectContaining({ kind: 'precondition-required' }));
    const outcomes = await Promise.allSettled([attend(etag), attend(etag), attend(etag)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(attend('*')).rejects.toThrow(refusal('health-referral-already-attended'));
    expect(await eventsOf(healthReferralId)).toEqual([
      '1 midas.health-access.referral.made.v1',
      '2 midas.health-access.referral.attended.v1',
    ]);
  });

  test('a repeated idempotency key answers what the first call made', async () => {
    const { healthPlanId } = await openPlan();
    const headers = { 'idempotency-key': randomUUID() };
    const sent = { healthPlanId, kind: HealthNeedKind.GP_REGISTRATION, barrier: '' };
    const first = await navigator().recordHealthNeed(sent, { headers });
    expect(await navigator().recordHealthNeed(sent, { headers })).toEqual(first);
    expect((await navigator().getHealthPlan({ healthPlanId })).needs).toHaveLength(1);
  });
});

describe('without case', () => {
  test('everything is unavailable alike, and nothing is left behind', async () => {
    const { healthPlanId } = await openPlan();
    const caseId = sharedCase();
    await caseService[Symbol.asyncDispose]();
    const refused = (read: Promise<unknown>) =>
      read.then(
        () => false,
        (error: unknown) => Object(error).slug === 'access-unavailable' && Object(error).message,
      );
    const known = await waitFor(() => refused(navigator().getHealthPlan({ healthPlanId })), {
      what: 'what is known of the caller to grow old',
    });
    expect(await refused(navigator().getHealthPlan({ healthPlanId: randomUUID() }))).toBe(known);
    expect(await refused(navigator().openHealthPlan({ caseId }))).toBe(known);
    expect(await refused(findNeed(healthPlanId))).toBe(known);
    expect(await db.healthPlan.count({ where: { caseId } })).toBe(0);
  });
});
