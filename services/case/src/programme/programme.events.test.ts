import { randomUUID } from 'node:crypto';
import { logger, sealer } from '@midas/kit';
import { serviceClient, type TestClient, testKeyRing, waitFor } from '@midas/kit/testing';
import type { Particulars } from '@midas/proto/common/v1/people';
import { ParticipantEnrolled } from '@midas/proto/perpetrator_programme/v1/events';
import {
  ErasureGround,
  ProgrammeReferralRoute,
  ProgrammeServiceService,
  RiskSignalKind,
} from '@midas/proto/perpetrator_programme/v1/programme';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptedReferral, caseOf, invented, type Platform, startPlatform } from '../testing/platform.ts';
import { programmeSubscriptions } from './programme.events.ts';
import { programmeStore } from './programme.store.ts';

let platform: Platform;
let facilitator: TestClient<typeof ProgrammeServiceService>;

beforeAll(async () => {
  platform = await startPlatform();
  facilitator = serviceClient(ProgrammeServiceService, platform.programme, {
    as: 'programme-facilitator@provider',
  });
});
afterAll(async () => {
  facilitator?.[Symbol.dispose]();
  await platform?.[Symbol.asyncDispose]();
});

const enrol = (participant: Particulars, partner: Particulars) =>
  facilitator.enrolParticipant({
    participant,
    partner,
    route: ProgrammeReferralRoute.PROBATION,
    occurredAt: new Date('2018-01-02T09:00:00Z'),
  });

const matchedSignals = (participantId: string, count: number) =>
  waitFor(
    async () => {
      const rows = await platform.db.programmeSignal.findMany({
        where: { participantId, matchedAt: { not: null } },
        orderBy: { occurredAt: 'asc' },
      });
      return rows.length === count && rows;
    },
    { what: `${count} matched signals`, timeoutMs: 20_000 },
  );

it('keeps every event of a participant alike, sealed, and links it to a known survivor on this side', async () => {
  const [survivor, alleged] = [invented(), invented()];
  const known = await caseOf(platform, await acceptedReferral(platform, survivor, [alleged]));
  const { participantId } = await enrol(alleged, survivor);
  const heldAt = (day: number) => new Date(Date.UTC(2018, 0, day, 18));
  await facilitator.recordProgrammeSession({ participantId, heldAt: heldAt(9), attended: true });
  await facilitator.recordProgrammeSession({ participantId, heldAt: heldAt(16), attended: false });
  await facilitator.raiseRiskSignal({
    participantId,
    kind: RiskSignalKind.THREAT,
    detail: 'Said they would wait outside',
    occurredAt: heldAt(17),
  });

  const signals = await matchedSignals(participantId, 4);
  expect(signals.map(({ kind, riskSignalKind }) => [kind, riskSignalKind])).toEqual([
    ['ENROLLED', null],
    ['SESSION_ATTENDED', null],
    ['SESSION_MISSED', null],
    ['RISK_SIGNAL', 'THREAT'],
  ]);
  const stored = await platform.db.case.findUniqueOrThrow({
    where: { id: known.caseId },
    include: { allegedPerpetrators: true },
  });
  for (const signal of signals) {
    expect(signal.partnerPersonId).toBe(stored.personId);
    expect(signal.participantPersonId).toBe(stored.allegedPerpetrators[0]?.personId);
    for (const sealed of [signal.participant, signal.partner]) {
      expect([survivor, alleged].some(({ familyName }) => Buffer.from(sealed).includes(familyName))).toBe(
        false,
      );
    }
  }
  expect(signals.map(({ riskSignalDetail }) => riskSignalDetail !== null)).toEqual([
    false,
    false,
    false,
    true,
  ]);
  expect(Buffer.from(signals.at(-1)?.riskSignalDetail ?? []).includes('outside')).toBe(false);
});

it('does the same for somebody nobody knows, and the programme shows no difference', async () => {
  const survivor = invented();
  await caseOf(platform, await acceptedReferral(platform, survivor));
  const aboutKnown = await enrol(invented(), survivor);
  const aboutUnknown = await enrol(invented(), invented());
  await matchedSignals(aboutKnown.participantId, 1);
  await matchedSignals(aboutUnknown.participantId, 1);
  const shape = async ({ participantId }: { participantId: string }) => {
    const seen = await facilitator.getParticipant({ participantId });
    return { ...seen, participantId: '', participant: undefined, partner: undefined, recordedAt: undefined };
  };
  expect(await shape(aboutKnown)).toEqual(await shape(aboutUnknown));
});

it('starts a trace of its own for a programme event', async () => {
  const { participantId } = await enrol(invented(), invented());
  await matchedSignals(participantId, 1);
  // The programme's call for the particulars was made outside the trace in which the participant was enrolled.
  const rows = await platform.programmeDb.auditEntry.findMany({
    where: { recordIds: { has: participantId } },
  });
  const enrolled = rows.find(({ rpc }) => rpc.endsWith('EnrolParticipant'));
  const fetched = rows.find(({ rpc }) => rpc.endsWith('GetProgrammeParticulars'));
  expect(fetched?.via).toBe('case');
  expect(enrolled?.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(fetched?.traceId).not.toBe(enrolled?.traceId);
});

it('puts off a signal that cannot be opened, matches the others, and that one once it can be', async () => {
  const first = await enrol(invented(), invented());
  const [broken] = await matchedSignals(first.participantId, 1);
  const { id = '', partner = new Uint8Array() } = broken ?? {};
  await platform.db.programmeSignal.update({
    where: { id },
    data: { matchedAt: null, partnerPersonId: null, participantPersonId: null, partner: partner.slice(1) },
  });
  const later = await enrol(invented(), invented());
  await matchedSignals(later.participantId, 1);
  const stuck = await waitFor(
    async () => {
      const row = await platform.db.programmeSignal.findUniqueOrThrow({ where: { id } });
      return row.matchAttempts > 0 && row;
    },
    { what: 'a try that failed' },
  );
  expect(stuck).toMatchObject({ matchedAt: null, matchDueAt: expect.any(Date) });

  await platform.db.programmeSignal.update({ where: { id }, data: { partner, matchDueAt: null } });
  const [mended] = await matchedSignals(first.participantId, 1);
  expect(mended?.partnerPersonId).toBe(broken?.partnerPersonId);
});

it('keeps nothing of an event whose participant was erased before it came', async () => {
  using manager = serviceClient(ProgrammeServiceService, platform.programme, {
    as: 'programme-manager@provider',
  });
  using theCase = serviceClient(ProgrammeServiceService, platform.programme, { as: { service: 'case' } });
  const { participantId } = await enrol(invented(), invented());
  await matchedSignals(participantId, 1);
  const erasure = { participantId, ground: ErasureGround.COURT_ORDER };
  await manager.eraseParticipant(erasure, { headers: { 'if-match': '*' } });

  const [enrolled] = programmeSubscriptions({
    signals: programmeStore(sealer({ keyRing: testKeyRing() })),
    particulars: (id, riskSignalId) => theCase.getProgrammeParticulars({ participantId: id, riskSignalId }),
  });
  const context = {
    eventId: randomUUID(),
    aggregateId: participantId,
    aggregateVersion: 1,
    occurredAt: new Date(),
    subject: '',
    now: new Date(),
    log: logger({ name: 'case', level: 'silent' }),
    signal: new AbortController().signal,
  };
  const payload = ParticipantEnrolled.encode(ParticipantEnrolled.fromPartial({ participantId })).finish();
  const apply = await enrolled?.handle(payload, context);
  await platform.db.$transaction(
    (tx) => apply?.({ ...context, db: tx, publish: () => undefined }) ?? expect.fail(),
  );
  expect(await platform.db.programmeSignal.count({ where: { participantId } })).toBe(1);
});
