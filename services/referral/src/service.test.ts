import { randomUUID } from 'node:crypto';
import type { Running } from '@midas/kit';
import {
  forwardedUser,
  serviceClient,
  type TestCaller,
  type TestDatabase,
  type TestNats,
  type TestPeer,
  testDatabase,
  testNats,
  testPeer,
  testServiceConfig,
  testServiceToken,
  waitFor,
} from '@midas/kit/testing';
import { CallerFacts, CallerFactsServiceService } from '@midas/proto/case/v1/access';
import { PersonServiceService, ResolvePersonsResponse } from '@midas/proto/case/v1/case';
import { Particulars } from '@midas/proto/common/v1/people';
import {
  IncidentKind,
  ReferralKind,
  ReferralServiceService,
  ReferralStatus,
  RejectionReason,
  ReportIncidentRequest,
  SubmitReferralRequest,
  SupportKind,
} from '@midas/proto/referral/v1/referral';
import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrismaClient } from '../gen/prisma/client.ts';
import { start } from './service.ts';

let database: TestDatabase;
let nats: TestNats;
let caseService: TestPeer;
let running: Running;
let db: PrismaClient;

/** Whom `case` calls by a family name, and whom it says a user is blocked from. */
const persons = new Map<string, string>();
const blocks = new Map<string, readonly string[]>();

function personOf(familyName: string): string {
  const known = persons.get(familyName) ?? randomUUID();
  persons.set(familyName, known);
  return known;
}

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase('referral'), testNats()]);
  caseService = await testPeer(
    { ...PersonServiceService, ...CallerFactsServiceService },
    {
      resolvePersons: async ({ persons: sent }) => {
        const personIds = sent.map(({ particulars }) => personOf(particulars?.familyName ?? ''));
        return ResolvePersonsResponse.fromPartial({ personIds });
      },
      getCallerFacts: async (_, metadata) =>
        CallerFacts.fromPartial({ blockedPersonIds: [...(blocks.get(forwardedUser(metadata)) ?? [])] }),
    },
  );
  running = await start(
    testServiceConfig('referral', {
      DATABASE_URL: database.url,
      ...nats.environment('referral'),
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

const as = (caller: TestCaller) => serviceClient(ReferralServiceService, running.address, { as: caller });
const police = () => as('referrer@police');
const intake = () => as('intake-worker@provider');

const referral = (changes: Partial<SubmitReferralRequest> = {}) =>
  SubmitReferralRequest.fromPartial({
    sourceSystem: 'athena',
    sourceReference: randomUUID(),
    kind: ReferralKind.POLICE,
    support: SupportKind.IDVA,
    referredAt: new Date('2017-05-02T09:00:00Z'),
    person: {
      familyName: 'Aldous',
      nhsNumber: '9434765919',
      address: { lines: ['1 Elm Row'], postcode: 'ME4 4UH' },
    },
    reason: 'Frightened to go home.',
    ...changes,
  });

const incident = (changes: Partial<ReportIncidentRequest> = {}) =>
  ReportIncidentRequest.fromPartial({
    sourceSystem: 'athena',
    sourceReference: randomUUID(),
    occurredAt: new Date('2017-05-01T22:00:00Z'),
    kind: IncidentKind.CRIME,
    victim: { familyName: 'Aldous' },
    description: 'Heard through the wall.',
    ...changes,
  });

/** ETag of a referral as this caller sees it. */
async function etagOf(referralId: string, caller = intake()): Promise<string> {
  let etag = '';
  await caller.getReferral({ referralId }, { received: (headers) => (etag = headers.etag ?? '') });
  return etag;
}

const eventsOf = async (aggregateId: string) =>
  (await db.outboxEvent.findMany({ where: { aggregateId }, orderBy: { seq: 'asc' } })).map(
    ({ subject, aggregateVersion }) => `${aggregateVersion} ${subject}`,
  );

const refusal = (slug: string) => expect.objectContaining({ slug });

describe('sending', () => {
  test('takes the organisation from the token and waits for triage', async () => {
    const sent = referral();
    const answer = await police().submitReferral(sent);
    expect(answer).toMatchObject({
      organisation: 'police',
      status: ReferralStatus.SUBMITTED,
      person: sent.person,
      reason: sent.reason,
      referredAt: sent.referredAt,
    });
    expect(await eventsOf(answer.referralId)).toEqual(['1 midas.referral.referral.submitted.v1']);
  });

  test('twice doubles nothing, whatever the idempotency key', async () => {
    const sent = referral();
    const first = await police().submitReferral(sent);
    expect(await police().submitReferral(sent)).toEqual(first);
    expect(await eventsOf(first.referralId)).toHaveLength(1);

    const report = incident();
    const reported = await police().reportIncident(report);
    expect(await police().reportIncident(report)).toEqual(reported);
    expect(await eventsOf(reported.incidentId)).toEqual(['1 midas.referral.incident.reported.v1']);
  });

  test('many times at once makes one record', async () => {
    const sent = referral();
    const answers = await Promise.all(Array.from({ length: 6 }, () => police().submitReferral(sent)));
    expect(new Set(answers.map(({ referralId }) => referralId)).size).toBe(1);
    expect(await eventsOf(answers[0]?.referralId ?? '')).toHaveLength(1);
  });

  test('other content under the same reference is refused, the reference of another organisation is its own', async () => {
    const sent = referral();
    const first = await police().submitReferral(sent);
    const other = referral({ sourceReference: sent.sourceReference, reason: 'Something else.' });
    await expect(police().submitReferral(other)).rejects.toThrow(refusal('source-reference-reused'));
    const housing = await as('referrer@housing').submitReferral(other);
    expect(housing.referralId).not.toBe(first.referralId);

    const report = incident();
    await police().reportIncident(report);
    const changed = { ...report, kind: IncidentKind.NON_CRIME };
    await expect(police().reportIncident(changed)).rejects.toThrow(refusal('source-reference-reused'));
  });

  test('a repeated idempotency key answers what the first call made', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const sent = referral({ sourceSystem: '', sourceReference: '' });
    const first = await police().submitReferral(sent, { headers });
    expect(await police().submitReferral(sent, { headers })).toEqual(first);
    const other = { ...sent, reason: 'Something else.' };
    await expect(police().submitReferral(other, { headers })).rejects.toThrow(
      refusal('idempotency-key-reused'),
    );
  });

  test('is for partner systems as for people, and both see what their organisation sent', async () => {
    const system = as({ userToken: await testServiceToken('partner-police') });
    const { incidentId, organisation } = await system.reportIncident(incident());
    expect(organisation).toBe('police');
    expect(await police().getIncident({ incidentId })).toMatchObject({
      incidentId,
      victim: { familyName: 'Aldous' },
    });
  });

  test('is not for roles that are not listed', async () => {
    await expect(as('case-worker@provider').submitReferral(referral())).rejects.toThrow(refusal('forbidden'));
    await expect(intake().reportIncident(incident())).rejects.toThrow(refusal('forbidden'));
    await expect(as({ service: 'risk' }).submitReferral(referral())).rejects.toThrow(refusal('forbidden'));
  });

  test('keeps nothing readable in the database', async () => {
    const { referralId } = await police().submitReferral(referral());
    const { incidentId } = await police().reportIncident(incident());
    const rows = [
      await db.referral.findUniqueOrThrow({ where: { id: referralId } }),
      await db.incident.findUniqueOrThrow({ where: { id: incidentId } }),
    ];
    for (const { sent, ...plain } of rows) {
      expect(JSON.stringify(plain)).not.toMatch(/Aldous|Elm|home|wall|9434765919/);
      expect(Buffer.from(sent).toString('latin1')).not.toMatch(/Aldous|Elm|home|wall|9434765919/);
    }
  });
});

describe('reading', () => {
  test("another organisation's referral answers like an unknown one", async () => {
    const { referralId } = await police().submitReferral(referral());
    const housing = as('referrer@housing');
    const foreign = await housing.getReferral({ referralId }).catch((error: unknown) => error);
    const unknown = await housing.getReferral({ referralId: randomUUID() }).catch((error: unknown) => error);
    expect(foreign).toMatchObject({ kind: 'not-found', slug: 'not-found' });
    expect(foreign).toMatchObject({ message: (unknown as Error).message });
    const { referrals } = await housing.listReferrals({
      pageSize: 200,
      pageToken: '',
      status: ReferralStatus.UNSPECIFIED,
    });
    expect(referrals.map(({ organisation }) => organisation).filter((name) => name !== 'housing')).toEqual(
      [],
    );
  });

  test("another organisation's incident answers like an unknown one", async () => {
    const { incidentId } = await police().reportIncident(incident());
    const housing = as('referrer@housing');
    await expect(housing.getIncident({ incidentId })).rejects.toThrow(refusal('not-found'));
    await expect(housing.getIncident({ incidentId: randomUUID() })).rejects.toThrow(refusal('not-found'));
    expect((await housing.listIncidents({ pageSize: 200, pageToken: '' })).incidents).toEqual([]);
    const own = await police().listIncidents({ pageSize: 200, pageToken: '' });
    expect(own.incidents.map((each) => each.incidentId)).toContain(incidentId);
  });

  test('a sender sees the status and nothing of triage, before and after it', async () => {
    const { referralId, maskedFields } = await police().submitReferral(referral());
    expect(maskedFields).toEqual(['decided_at', 'rejection_reason', 'rejection_note']);
    const headers = { 'if-match': await etagOf(referralId) };
    const rejection = { referralId, reason: RejectionReason.OUT_OF_AREA, note: 'Lives in Kent.' };
    await intake().rejectReferral(rejection, { headers });
    expect(await police().getReferral({ referralId })).toMatchObject({
      status: ReferralStatus.REJECTED,
      rejectionReason: RejectionReason.UNSPECIFIED,
      rejectionNote: '',
      maskedFields,
    });
    expect(await intake().getReferral({ referralId })).toMatchObject({
      rejectionReason: RejectionReason.OUT_OF_AREA,
      rejectionNote: 'Lives in Kent.',
    });
  });

  test('sending again, under the same key or another, answers as the first time, whatever became of it', async () => {
    const sent = referral();
    const headers = { 'idempotency-key': randomUUID() };
    const first = await police().submitReferral(sent, { headers });
    const { referralId } = first;
    await intake().acceptReferral({ referralId }, { headers: { 'if-match': '*' } });
    expect(await police().submitReferral(sent)).toEqual(first);
    expect(await police().submitReferral(sent, { headers })).toEqual(first);
    expect((await police().getReferral({ referralId })).status).toBe(ReferralStatus.ACCEPTED);
  });

  test('intake reads all referrals but for addresses and no incident, managers and case-workers nothing', async () => {
    const { referralId } = await police().submitReferral(referral());
    const read = await intake().getReferral({ referralId });
    expect(read).toMatchObject({
      person: { familyName: 'Aldous', address: undefined },
      reason: 'Frightened to go home.',
    });
    expect(read.maskedFields).toContain('person.address');
    for (const other of ['service-manager@provider', 'case-worker@provider'])
      await expect(as(other).getReferral({ referralId })).rejects.toThrow(refusal('forbidden'));
    const { incidentId } = await police().reportIncident(incident());
    await expect(intake().getIncident({ incidentId })).rejects.toThrow(refusal('forbidden'));
  });

  test('lists page by page, newest first, each record once', async () => {
    const voluntary = as('referrer@voluntary');
    const sent: string[] = [];
    for (let n = 0; n < 5; n++) sent.unshift((await voluntary.submitReferral(referral())).referralId);
    const listed: string[] = [];
    let pageToken = '';
    do {
      const page = await voluntary.listReferrals({
        pageSize: 2,
        pageToken,
        status: ReferralStatus.UNSPECIFIED,
      });
      listed.push(...page.referrals.map(({ referralId }) => referralId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(listed).toEqual(sent);
    const accepted = await voluntary.listReferrals({
      pageSize: 0,
      pageToken: '',
      status: ReferralStatus.ACCEPTED,
    });
    expect(accepted.referrals).toEqual([]);
  });
});

describe('triage', () => {
  test('accepts with the version that was read, once', async () => {
    const { referralId } = await police().submitReferral(referral());
    await expect(intake().acceptReferral({ referralId })).rejects.toThrow(
      expect.objectContaining({ kind: 'precondition-required' }),
    );
    const etag = await etagOf(referralId);
    const stale = { headers: { 'if-match': '"somewhere-else"' } };
    await expect(intake().acceptReferral({ referralId }, stale)).rejects.toThrow(
      expect.objectContaining({ kind: 'stale' }),
    );

    const occurredAt = new Date('2017-05-02T10:00:00Z');
    const headers = { 'if-match': etag };
    const accepted = await intake().acceptReferral({ referralId, occurredAt }, { headers });
    expect(accepted).toMatchObject({ status: ReferralStatus.ACCEPTED, decidedAt: occurredAt });
    await expect(intake().acceptReferral({ referralId, occurredAt }, { headers })).rejects.toThrow(
      expect.objectContaining({ kind: 'stale' }),
    );
    const again = intake().acceptReferral({ referralId }, { headers: { 'if-match': '*' } });
    await expect(again).rejects.toThrow(refusal('referral-already-accepted'));
    expect(await eventsOf(referralId)).toEqual([
      '1 midas.referral.referral.submitted.v1',
      '2 midas.referral.referral.accepted.v1',
    ]);
  });

  test('of two decisions at once one counts', async () => {
    const { referralId } = await police().submitReferral(referral());
    const headers = { 'if-match': await etagOf(referralId) };
    const rejection = { referralId, reason: RejectionReason.DUPLICATE, note: '' };
    const outcomes = await Promise.allSettled([
      intake().acceptReferral({ referralId }, { headers }),
      intake().rejectReferral(rejection, { headers }),
      intake().acceptReferral({ referralId }, { headers }),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await eventsOf(referralId)).toHaveLength(2);
  });

  test('never before the referral was made', async () => {
    const { referralId } = await police().submitReferral(referral());
    const early = { referralId, occurredAt: new Date('2017-05-02T08:59:59Z') };
    await expect(intake().acceptReferral(early, { headers: { 'if-match': '*' } })).rejects.toThrow(
      refusal('decided-before-referred'),
    );
  });

  test('is not for the sender', async () => {
    const { referralId } = await police().submitReferral(referral());
    const attempt = police().acceptReferral({ referralId }, { headers: { 'if-match': '*' } });
    await expect(attempt).rejects.toThrow(refusal('forbidden'));
  });
});

describe('a conflict of interest', () => {
  const anyStatus = { pageSize: 200, pageToken: '', status: ReferralStatus.UNSPECIFIED };
  const about = (familyName: string) => ({ person: Particulars.fromPartial({ familyName }) });

  /** Waits until `case` has said whom a record is about. */
  const identified = (id: string) =>
    waitFor(
      async () => {
        const row =
          (await db.referral.findUnique({ where: { id } })) ??
          (await db.incident.findUnique({ where: { id } }));
        return (row?.personIds.length ?? 0) > 0 ? row?.personIds : undefined;
      },
      { what: 'the persons of a record' },
    );

  test('hides what is about the person from whoever sent it and from intake, within a second', async () => {
    const probation = as('referrer@probation');
    const name = `Quill${randomUUID()}`;
    const sent = referral(about(name));
    const { referralId } = await probation.submitReferral(sent);
    const { incidentId } = await probation.reportIncident(
      incident({ perpetrators: [Particulars.fromPartial({ familyName: name })] }),
    );
    expect(await identified(referralId)).toEqual([personOf(name)]);
    expect(await identified(incidentId)).toEqual([personOf('Aldous'), personOf(name)]);
    expect((await intake().getReferral({ referralId })).referralId).toBe(referralId);
    expect((await probation.getIncident({ incidentId })).incidentId).toBe(incidentId);

    blocks.set('referrer@probation', [personOf(name)]);
    blocks.set('intake-worker@provider', [personOf(name)]);
    const hidden = async (read: Promise<unknown>) =>
      (await read.catch((error: unknown) => Object(error).message)) === 'No such referral.';
    await waitFor(() => hidden(probation.getReferral({ referralId })), {
      what: 'the block to hold',
      timeoutMs: 2_000,
    });
    await waitFor(() => hidden(intake().getReferral({ referralId })), {
      what: 'the block to hold for intake',
      timeoutMs: 2_000,
    });
    await expect(probation.getIncident({ incidentId })).rejects.toThrow(refusal('not-found'));
    for (const caller of [probation, intake()]) {
      const { referrals } = await caller.listReferrals(anyStatus);
      expect(referrals.map((each) => each.referralId)).not.toContain(referralId);
    }
    const triage = intake().acceptReferral({ referralId }, { headers: { 'if-match': '*' } });
    await expect(triage).rejects.toThrow(refusal('not-found'));

    // Sending again tells no more than the sender knows.
    expect((await probation.submitReferral(sent)).referralId).toBe(referralId);
    blocks.clear();
    await waitFor(
      async () => (await probation.getReferral({ referralId }).catch(() => undefined)) !== undefined,
      {
        what: 'the end of the block',
        timeoutMs: 2_000,
      },
    );
  });

  test('hides what nobody is identified in yet, from those who are blocked from anyone', async () => {
    const education = as('referrer@education');
    const { referralId } = await education.submitReferral(referral());
    await identified(referralId);
    await db.referral.update({ where: { id: referralId }, data: { personIds: [] } });
    expect((await education.getReferral({ referralId })).referralId).toBe(referralId);
    blocks.set('referrer@education', [randomUUID()]);
    await waitFor(async () => (await education.listReferrals(anyStatus)).referrals.length === 0, {
      what: 'the block to hold',
      timeoutMs: 2_000,
    });
    await expect(education.getReferral({ referralId })).rejects.toThrow(refusal('not-found'));
    blocks.clear();
  });
});

describe('other services', () => {
  test('case gets a referral once it is accepted, whole', async () => {
    const sent = referral();
    const { referralId } = await police().submitReferral(sent);
    const asCase = as({ service: 'case' });
    await expect(asCase.getAcceptedReferral({ referralId })).rejects.toThrow(refusal('not-found'));
    await intake().acceptReferral({ referralId }, { headers: { 'if-match': '*' } });
    expect(await asCase.getAcceptedReferral({ referralId })).toMatchObject({
      referralId,
      person: sent.person,
    });
    await expect(as({ service: 'risk' }).getAcceptedReferral({ referralId })).rejects.toThrow(
      refusal('forbidden'),
    );
    await expect(intake().getAcceptedReferral({ referralId })).rejects.toThrow(refusal('forbidden'));
  });

  test('risk gets a reported incident, whole', async () => {
    const sent = incident();
    const { incidentId } = await police().reportIncident(sent);
    const asRisk = as({ service: 'risk' });
    expect(await asRisk.getReportedIncident({ incidentId })).toMatchObject({
      incidentId,
      victim: sent.victim,
    });
    await expect(asRisk.getReportedIncident({ incidentId: randomUUID() })).rejects.toThrow(
      refusal('not-found'),
    );
  });
});

describe('without case', () => {
  test('what is sent is taken; what is there is refused, known or unknown alike, but to systems', async () => {
    const sent = referral();
    const key = { headers: { 'idempotency-key': randomUUID() } };
    const { referralId } = await police().submitReferral(sent, key);
    await caseService[Symbol.asyncDispose]();
    await waitFor(
      () =>
        intake()
          .getReferral({ referralId })
          .then(
            () => false,
            (error: unknown) => Object(error).slug === 'access-unavailable',
          ),
      { what: 'what is known of the caller to grow old' },
    );
    const messages = new Set<string>();
    for (const read of [
      () => intake().getReferral({ referralId }),
      () => intake().getReferral({ referralId: randomUUID() }),
      () => intake().acceptReferral({ referralId }, { headers: { 'if-match': '*' } }),
      () => as('referrer@housing').getReferral({ referralId }),
    ]) {
      const error: unknown = await read().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: 'unavailable', slug: 'access-unavailable' });
      messages.add((error as Error).message);
    }
    expect(messages.size).toBe(1);
    expect((await police().submitReferral(referral())).status).toBe(ReferralStatus.SUBMITTED);
    expect((await police().submitReferral(sent, key)).referralId).toBe(referralId);
    expect((await police().submitReferral(sent)).referralId).toBe(referralId);
    const system = as({ userToken: await testServiceToken('partner-police') });
    expect((await system.getReferral({ referralId })).referralId).toBe(referralId);
  });
});
