import { randomUUID } from 'node:crypto';
import type { Running } from '@midas/kit';
import {
  serviceClient,
  type TestCaller,
  type TestClient,
  type TestDatabase,
  type TestNats,
  testDatabase,
  testNats,
  testServiceConfig,
} from '@midas/kit/testing';
import { ContactSafety, Particulars } from '@midas/proto/common/v1/people';
import {
  ErasureGround,
  type Participant,
  ParticipantStatus,
  ProgrammeReferralRoute,
  ProgrammeServiceService,
  RiskSignalKind,
} from '@midas/proto/perpetrator_programme/v1/programme';
import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { start } from '../service.ts';

type Programme = TestClient<typeof ProgrammeServiceService>;
let nats: TestNats;
let database: TestDatabase;
let running: Running;
let db: PrismaClient;
let facilitator: Programme;
let manager: Programme;

const as = (caller: TestCaller): Programme =>
  serviceClient(ProgrammeServiceService, running.address, { as: caller });

beforeAll(async () => {
  nats = await testNats();
  database = await testDatabase('perpetrator-programme');
  running = await start(
    testServiceConfig('perpetrator-programme', { DATABASE_URL: database.url, NATS_URL: nats.url }),
  );
  db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.adminUrl, max: 2 }) });
  facilitator = as('programme-facilitator@provider');
  manager = as('programme-manager@provider');
});
afterAll(async () => {
  facilitator?.[Symbol.dispose]();
  manager?.[Symbol.dispose]();
  await db?.$disconnect();
  await running?.drain();
  await database?.[Symbol.asyncDispose]();
  await nats?.[Symbol.asyncDispose]();
});

const invented = (): Particulars =>
  Particulars.fromPartial({
    givenName: 'Ivo',
    familyName: `Invented ${randomUUID().replace(/[0-9-]/g, '')}`,
    birthDate: '1980-05-06',
    address: { lines: ['2 Nowhere Street'], postcode: 'ME7 1AA' },
    safeContact: { phone: ContactSafety.SAFE, note: 'Only after work' },
  });
const longAgo = (day: number): Date => new Date(Date.UTC(2012, 0, day, 18));
const any = { headers: { 'if-match': '*' } };
const reason = 'A claim is before the court';

/** A participant of long ago with a session and a signal. */
async function enrolled(): Promise<{ readonly participantId: string; readonly sent: Sent }> {
  const sent = { participant: invented(), partner: invented() };
  const route = ProgrammeReferralRoute.PROBATION;
  const { participantId } = await facilitator.enrolParticipant({ ...sent, route, occurredAt: longAgo(2) });
  await facilitator.recordProgrammeSession({ participantId, heldAt: longAgo(9), attended: true });
  await facilitator.raiseRiskSignal({
    participantId,
    kind: RiskSignalKind.THREAT,
    detail: 'Said they would wait outside',
    occurredAt: longAgo(10),
  });
  return { participantId, sent };
}
type Sent = { readonly participant: Particulars; readonly partner: Particulars };

const erase = (
  participantId: string,
  ground: ErasureGround = ErasureGround.RETENTION_ENDED,
): Promise<Participant> => manager.eraseParticipant({ participantId, ground }, any);
const due = async (): Promise<readonly string[]> =>
  (await manager.listParticipantsDue({ pageSize: 200, pageToken: '' })).participants.map(
    ({ participantId }) => participantId,
  );

describe('a participant who asks what is held', () => {
  it('is given the own record, addresses included, with the partner redacted', async () => {
    const { participantId, sent } = await enrolled();
    const { records } = await manager.exportParticipant({ participantId });
    expect(records.map(({ kind }) => kind)).toEqual(['participant', 'programme-session']);
    const fields = new Map(records[0]?.fields.map((field) => [field.name, field]));
    expect(fields.get('participant.family_name')?.value).toBe(sent.participant.familyName);
    expect(fields.get('participant.address.postcode')?.value).toBe('ME7 1AA');
    expect(fields.get('participant.safe_contact.note')).toMatchObject({ freeText: true });
    expect(fields.get('partner')).toMatchObject({ value: '', redacted: true });
    expect(JSON.stringify(records)).not.toContain(sent.partner.familyName);
  });

  it('cannot tell from it whether a risk signal was raised', async () => {
    const { participantId } = await enrolled();
    const before = await manager.exportParticipant({ participantId });
    const detail = 'Said more';
    const signal = { participantId, kind: RiskSignalKind.RISK_CHANGE, detail, occurredAt: longAgo(11) };
    await facilitator.raiseRiskSignal(signal);
    expect(await manager.exportParticipant({ participantId })).toEqual(before);
  });
});

describe('the retention rule', () => {
  it('lists whom nothing keeps any more, and changes nothing', async () => {
    const [old, recent, held] = [await enrolled(), await enrolled(), await enrolled()];
    const { participantId } = recent;
    await facilitator.recordProgrammeSession({ participantId, heldAt: new Date(), attended: true });
    await manager.placeHold({ participantId: held.participantId, reason }, any);
    const listed = await due();
    expect(listed).toContain(old.participantId);
    expect(listed).not.toContain(recent.participantId);
    expect(listed).not.toContain(held.participantId);
    expect(await due()).toEqual(listed);
    expect(await manager.getParticipant(old)).toMatchObject({ status: ParticipantStatus.ENROLLED });
  });

  it('refuses an erasure by itself before its time; another ground needs none', async () => {
    const { participantId } = await enrolled();
    await facilitator.recordProgrammeSession({ participantId, heldAt: new Date(), attended: true });
    await expect(erase(participantId)).rejects.toMatchObject({ slug: 'still-retained' });
    const erased = await erase(participantId, ErasureGround.COURT_ORDER);
    expect(erased.status).toBe(ParticipantStatus.ERASED);
  });
});

describe('a hold', () => {
  it('stops erasure until it is lifted; why is kept sealed, and by whom', async () => {
    const { participantId } = await enrolled();
    expect(await manager.placeHold({ participantId, reason }, any)).toMatchObject({ held: true });
    for (const ground of [ErasureGround.RETENTION_ENDED, ErasureGround.REQUEST_OF_PARTICIPANT]) {
      await expect(erase(participantId, ground)).rejects.toMatchObject({ slug: 'participant-held' });
    }
    expect(await manager.liftHold({ participantId, reason }, any)).toMatchObject({ held: false });
    const decisions = await db.keepingDecision.findMany({
      where: { participantId },
      orderBy: { decidedAt: 'asc' },
    });
    expect(decisions.map(({ kind, decidedBy }) => [kind, decidedBy])).toEqual([
      ['HOLD_PLACED', 'programme-manager@provider'],
      ['HOLD_LIFTED', 'programme-manager@provider'],
    ]);
    expect(Buffer.from(decisions[0]?.reason ?? []).includes('court')).toBe(false);
  });

  it('that comes at the same moment as an erasure either stops it or comes too late', async () => {
    const { participantId } = await enrolled();
    const [held, erased] = await Promise.allSettled([
      manager.placeHold({ participantId, reason }, any),
      erase(participantId),
    ]);
    expect([held.status, erased.status].sort()).toEqual(['fulfilled', 'rejected']);
    const { status, held: isHeld } = await manager.getParticipant({ participantId });
    expect(isHeld).toBe(status === ParticipantStatus.ENROLLED);
  });
});

describe('an erasure', () => {
  it('empties the record, its keys and its words; counts, events and the audit trail stay', async () => {
    const { participantId, sent } = await enrolled();
    const where = { aggregateId: participantId };
    const events = await db.outboxEvent.findMany({ where });
    const calls = await db.auditEntry.count({ where: { recordIds: { has: participantId } } });
    expect(await erase(participantId)).toMatchObject({
      status: ParticipantStatus.ERASED,
      participant: undefined,
      partner: undefined,
      sessionsAttended: 1,
      erasedAt: expect.any(Date),
    });
    const row = await db.participant.findUniqueOrThrow({
      where: { id: participantId },
      include: { keys: true, signals: true, decisions: true },
    });
    expect(row).toMatchObject({ participant: null, partner: null, keys: [], signals: [{ detail: null }] });
    expect(row.decisions).toMatchObject([{ kind: 'ERASED', ground: 'RETENTION_ENDED', reason: null }]);
    expect(await db.outboxEvent.findMany({ where })).toEqual(events);
    expect(await db.auditEntry.count({ where: { recordIds: { has: participantId } } })).toBe(calls + 1);

    const { familyName, birthDate } = sent.participant;
    const search = { nhsNumber: '', familyName, birthDate, pageSize: 0, pageToken: '' };
    expect((await manager.searchParticipants(search)).participants).toEqual([]);
    expect(await due()).not.toContain(participantId);
    const session = { participantId, heldAt: longAgo(16), attended: true };
    await expect(facilitator.recordProgrammeSession(session)).rejects.toMatchObject({
      slug: 'participant-erased',
    });
  });

  it('tells case, which may ask late, that nothing is left', async () => {
    const { participantId } = await enrolled();
    await erase(participantId);
    using theCase = as({ service: 'case' });
    expect(await theCase.getProgrammeParticulars({ participantId, riskSignalId: '' })).toEqual({
      participantId,
      participant: undefined,
      partner: undefined,
      riskSignalDetail: '',
      erased: true,
    });
  });

  it('needs the record as it was read, and answers a repetition with what it made', async () => {
    const { participantId } = await enrolled();
    const request = { participantId, ground: ErasureGround.COURT_ORDER };
    await expect(
      manager.eraseParticipant(request, { headers: { 'if-match': '"older"' } }),
    ).rejects.toMatchObject({ kind: 'stale' });
    const headers = { 'if-match': '*', 'idempotency-key': randomUUID() };
    const first = await manager.eraseParticipant(request, { headers });
    expect(await manager.eraseParticipant(request, { headers })).toEqual(first);
  });
});

it('a facilitator neither exports, holds nor erases, own participants included', async () => {
  const { participantId } = await enrolled();
  const tries = [
    facilitator.exportParticipant({ participantId }),
    facilitator.placeHold({ participantId, reason }, any),
    facilitator.liftHold({ participantId, reason }, any),
    facilitator.eraseParticipant({ participantId, ground: ErasureGround.COURT_ORDER }, any),
    facilitator.listParticipantsDue({ pageSize: 0, pageToken: '' }),
  ];
  for (const each of await Promise.allSettled(tries)) {
    expect(each).toMatchObject({ status: 'rejected', reason: { kind: 'forbidden' } });
  }
});
