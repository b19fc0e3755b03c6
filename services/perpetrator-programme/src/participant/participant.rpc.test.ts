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
  ParticipantEnrolled,
  ProgrammeSessionAttended,
  ProgrammeSessionMissed,
  RiskSignalRaised,
} from '@midas/proto/perpetrator_programme/v1/events';
import {
  ProgrammeReferralRoute,
  ProgrammeServiceService,
  RiskSignalKind,
  SearchParticipantsRequest,
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
    testServiceConfig('perpetrator-programme', {
      DATABASE_URL: database.url,
      ...nats.environment('perpetrator-programme'),
    }),
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
  });
const enrolment = () => ({
  participant: invented(),
  partner: invented(),
  route: ProgrammeReferralRoute.PROBATION,
  occurredAt: new Date('2018-01-02T09:00:00Z'),
});
const heldAt = (day: number): Date => new Date(Date.UTC(2018, 0, day, 18));

describe('a participant', () => {
  it('has a life told by one sequence of events', async () => {
    const { participantId } = await facilitator.enrolParticipant(enrolment());
    await facilitator.recordProgrammeSession({ participantId, heldAt: heldAt(9), attended: true });
    await facilitator.recordProgrammeSession({ participantId, heldAt: heldAt(16), attended: false });
    const signal = await facilitator.raiseRiskSignal({
      participantId,
      kind: RiskSignalKind.THREAT,
      detail: 'Said they would wait outside',
      occurredAt: heldAt(17),
    });
    expect(signal).toMatchObject({ detail: 'Said they would wait outside', maskedFields: [] });
    const seen = await facilitator.getParticipant({ participantId });
    expect(seen).toMatchObject({
      sessionsAttended: 1,
      sessionsMissed: 1,
      facilitator: 'programme-facilitator@provider',
    });
    const events = await db.outboxEvent.findMany({
      where: { aggregateId: participantId },
      orderBy: { aggregateVersion: 'asc' },
    });
    expect(events.map(({ type, aggregateVersion }) => [type, aggregateVersion])).toEqual([
      [ParticipantEnrolled.$type, 1],
      [ProgrammeSessionAttended.$type, 2],
      [ProgrammeSessionMissed.$type, 3],
      [RiskSignalRaised.$type, 4],
    ]);
  });

  it('attends or misses a session at one time once, also at once', async () => {
    const { participantId } = await facilitator.enrolParticipant(enrolment());
    const tries = await Promise.allSettled(
      [true, false, true, false].map((attended) =>
        facilitator.recordProgrammeSession({ participantId, heldAt: heldAt(9), attended }),
      ),
    );
    const refused = tries.flatMap((each) => (each.status === 'rejected' ? [each.reason.slug] : []));
    expect(refused).toEqual(Array(3).fill('session-already-recorded'));
    const { sessionsAttended, sessionsMissed } = await facilitator.getParticipant({ participantId });
    expect(sessionsAttended + sessionsMissed).toBe(1);
  });

  it('has no session before enrolment', async () => {
    const { participantId } = await facilitator.enrolParticipant(enrolment());
    const early = { participantId, heldAt: heldAt(1), attended: true };
    await expect(facilitator.recordProgrammeSession(early)).rejects.toMatchObject({
      violations: [{ field: 'held_at' }],
    });
  });

  it('and the partner they named are stored sealed only', async () => {
    const sent = enrolment();
    const { participantId } = await facilitator.enrolParticipant(sent);
    const row = await db.participant.findUniqueOrThrow({ where: { id: participantId } });
    for (const sealed of [row.participant, row.partner]) {
      expect(Buffer.from(sealed ?? []).includes('Invented')).toBe(false);
      expect(sealed?.length).toBeGreaterThan(50);
    }
    const seen = await facilitator.getParticipant({ participantId });
    expect(seen.partner).toMatchObject({ familyName: sent.partner.familyName, address: undefined });
    expect(seen.maskedFields).toEqual(['participant.address', 'partner.address']);
  });
});

describe('own participants', () => {
  it('are all that a facilitator learns of; a manager reads every one and works with own', async () => {
    const ofFacilitator = await facilitator.enrolParticipant(enrolment());
    const ofManager = await manager.enrolParticipant(enrolment());
    const listed = async (who: Programme) =>
      (await who.listParticipants({ pageSize: 200, pageToken: '' })).participants.map(
        ({ participantId }) => participantId,
      );
    expect(await listed(facilitator)).not.toContain(ofManager.participantId);
    expect(await listed(manager)).toEqual(
      expect.arrayContaining([ofFacilitator.participantId, ofManager.participantId]),
    );
    await expect(facilitator.getParticipant(ofManager)).rejects.toMatchObject({ kind: 'not-found' });
    const session = { heldAt: heldAt(9), attended: true };
    await expect(manager.recordProgrammeSession({ ...ofFacilitator, ...session })).rejects.toMatchObject({
      kind: 'forbidden',
    });
    await manager.recordProgrammeSession({ participantId: ofManager.participantId, ...session });
  });
});

describe('a search', () => {
  const search = async (who: Programme, sought: Readonly<Record<string, string>>) =>
    (
      await who.searchParticipants(SearchParticipantsRequest.fromPartial({ pageSize: 200, ...sought }))
    ).participants.map(({ participantId }) => participantId);

  it('finds by NHS number, or by family name and birth date however the name is written', async () => {
    const sent = enrolment();
    const participant = { ...sent.participant, nhsNumber: '9434765919' };
    const { participantId } = await facilitator.enrolParticipant({ ...sent, participant });
    const { birthDate } = participant;
    const familyName = participant.familyName.toUpperCase().replace(' ', '-');
    expect(await search(facilitator, { nhsNumber: '9434765919' })).toEqual([participantId]);
    expect(await search(facilitator, { familyName, birthDate })).toEqual([participantId]);
    expect(await search(facilitator, { familyName, birthDate: '1980-05-07' })).toEqual([]);
  });

  it('never finds by the partner whom someone named', async () => {
    const sent = enrolment();
    await facilitator.enrolParticipant(sent);
    const { familyName, birthDate } = sent.partner;
    expect(await search(manager, { familyName, birthDate })).toEqual([]);
  });

  it('finds no more than the list: own participants for a facilitator, every one for a manager', async () => {
    const sent = enrolment();
    const { familyName, birthDate } = sent.participant;
    const ofManager = await manager.enrolParticipant(sent);
    expect(await search(facilitator, { familyName, birthDate })).toEqual([]);
    expect(await search(manager, { familyName, birthDate })).toEqual([ofManager.participantId]);
  });

  it('shows a manager no words and no addresses of participants who are not own', async () => {
    const sent = enrolment();
    const note = 'Only after work';
    const participant = { ...sent.participant, safeContact: { phone: ContactSafety.SAFE, note } };
    const { participantId } = await facilitator.enrolParticipant({ ...sent, participant });
    const { familyName, birthDate } = participant;
    const request = SearchParticipantsRequest.fromPartial({ familyName, birthDate });
    const [seen] = (await manager.searchParticipants(request)).participants;
    expect(seen?.participantId).toBe(participantId);
    expect(seen?.participant).toMatchObject({ familyName, address: undefined, safeContact: { note: '' } });
    expect(seen?.maskedFields).toEqual([
      'participant.address',
      'participant.safe_contact.note',
      'partner.address',
      'partner.safe_contact.note',
    ]);
    expect(seen).toEqual(await manager.getParticipant({ participantId }));
  });

  it('goes on from page to page, and its token holds for this search only', async () => {
    const sent = enrolment();
    const { familyName, birthDate } = sent.participant;
    const made = [await facilitator.enrolParticipant(sent), await facilitator.enrolParticipant(sent)];
    const page = (pageToken: string, sought = familyName) =>
      facilitator.searchParticipants(
        SearchParticipantsRequest.fromPartial({ familyName: sought, birthDate, pageSize: 1, pageToken }),
      );
    const first = await page('');
    const second = await page(first.nextPageToken);
    expect(second.nextPageToken).toBe('');
    expect([...first.participants, ...second.participants].map(({ participantId }) => participantId)).toEqual(
      made.map(({ participantId }) => participantId).reverse(),
    );
    await expect(page(first.nextPageToken, 'Other')).rejects.toMatchObject({ slug: 'page-token-invalid' });
  });

  it('needs more than a name, and leaves digests only', async () => {
    const request = SearchParticipantsRequest.fromPartial({ familyName: 'Invented' });
    await expect(facilitator.searchParticipants(request)).rejects.toMatchObject({ slug: 'search-too-wide' });
    const { participantId } = await facilitator.enrolParticipant(enrolment());
    const keys = await db.participantKey.findMany({ where: { participantId } });
    expect(keys.map(({ kind, digest }) => [kind, digest.length])).toEqual([
      ['FAMILY_NAME_AND_BIRTH_DATE', 32],
    ]);
  });
});

describe('the wall', () => {
  it.each([
    'case-worker@provider',
    'service-manager@provider',
    'partner-support-worker@provider',
    'referrer@police',
  ])('%s gets nothing, known or unknown alike', async (user) => {
    const { participantId } = await facilitator.enrolParticipant(enrolment());
    using client = as(user);
    const answers = await Promise.all(
      [participantId, randomUUID()].map((id) =>
        client
          .getParticipant({ participantId: id })
          .catch(({ kind, slug, message }) => ({ kind, slug, message })),
      ),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({ kind: 'forbidden' });
    await expect(client.listParticipants({ pageSize: 0, pageToken: '' })).rejects.toMatchObject({
      kind: 'forbidden',
    });
    await expect(client.enrolParticipant(enrolment())).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('case fetches particulars, in full; nobody else can', async () => {
    const sent = enrolment();
    const { participantId } = await facilitator.enrolParticipant(sent);
    const signal = {
      participantId,
      kind: RiskSignalKind.RISK_CHANGE,
      detail: 'Moved nearby',
      occurredAt: heldAt(9),
    };
    const { riskSignalId } = await facilitator.raiseRiskSignal(signal);
    using theCase = as({ service: 'case' });
    expect(await theCase.getProgrammeParticulars({ participantId, riskSignalId })).toEqual({
      participantId,
      participant: sent.participant,
      partner: sent.partner,
      riskSignalDetail: 'Moved nearby',
      erased: false,
    });
    const other = await facilitator.enrolParticipant(enrolment());
    await expect(
      theCase.getProgrammeParticulars({ participantId: other.participantId, riskSignalId }),
    ).rejects.toMatchObject({ kind: 'not-found' });
    const ask = { participantId, riskSignalId: '' };
    await expect(manager.getProgrammeParticulars(ask)).rejects.toMatchObject({ kind: 'forbidden' });
  });
});
