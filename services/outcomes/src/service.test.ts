import { randomUUID } from 'node:crypto';
import { type Codec, eventOf, type Running } from '@midas/kit';
import {
  serviceClient,
  type TestDatabase,
  type TestNats,
  testDatabase,
  testNats,
  testServiceConfig,
  waitFor,
} from '@midas/kit/testing';
import { GroupProgramme } from '@midas/proto/case/v1/case';
import { CaseEngaged, GroupSessionAttended } from '@midas/proto/case/v1/events';
import { RiskLevel } from '@midas/proto/common/v1/risk';
import { OutcomesServiceService } from '@midas/proto/outcomes/v1/outcomes';
import { ParticipantEnrolled } from '@midas/proto/perpetrator_programme/v1/events';
import { IncidentReported, ReferralSubmitted } from '@midas/proto/referral/v1/events';
import { IncidentKind, ReferralKind, SupportKind } from '@midas/proto/referral/v1/referral';
import { AssessmentRecorded, MaracReferred, MaracRepeatFound } from '@midas/proto/risk/v1/events';
import { PrismaPg } from '@prisma/adapter-pg';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrismaClient } from '../gen/prisma/client.ts';
import { start } from './service.ts';

let nats: TestNats;
let database: TestDatabase;
let db: PrismaClient;
let running: Running;

beforeAll(async () => {
  [nats, database] = await Promise.all([testNats(), testDatabase('outcomes')]);
  db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.adminUrl }) });
  running = await start(
    testServiceConfig('outcomes', { DATABASE_URL: database.url, ...nats.environment('outcomes') }),
  );
}, 120_000);
afterAll(async () => {
  await running.drain();
  await db.$disconnect();
  await nats[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Event {
  readonly type: string;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly aggregateId: string;
  readonly version: number;
}

function event<T>(codec: Codec<T>, message: T, aggregateId: string, version = 1): Event {
  return { type: codec.$type, payload: new Uint8Array(codec.encode(message).finish()), aggregateId, version };
}

/** Puts events on the stream and waits until outcomes has applied them all. */
async function publish(events: readonly Event[]): Promise<void> {
  const applied = await db.inboxEvent.count();
  await nats.publish(
    events.map(({ type, payload, aggregateId, version }) => ({
      id: randomUUID(),
      subject: eventOf(type).subject,
      type,
      aggregateType: 'test',
      aggregateId,
      aggregateVersion: version,
      payload,
      headers: {},
      occurredAt: new Date(),
    })),
  );
  await waitFor(async () => (await db.inboxEvent.count()) === applied + events.length, {
    what: 'every event applied',
    timeoutMs: 20_000,
  });
}

const clients = new Map<string, ReturnType<typeof serviceClient<typeof OutcomesServiceService>>>();
function as(caller: string) {
  const client =
    clients.get(caller) ?? serviceClient(OutcomesServiceService, running.address, { as: caller });
  clients.set(caller, client);
  return client;
}

async function values(): Promise<Record<string, number>> {
  const { measures } = await as('commissioner@council').getCommissionersReport({});
  return Object.fromEntries(measures.map(({ id, value }) => [id, value]));
}

function incident(level: RiskLevel | undefined, organisation: string, reported: string): Event[] {
  const [incidentId, assessmentId] = [randomUUID(), randomUUID()];
  const reportedAt = new Date(reported);
  const kind = IncidentKind.CRIME;
  const heard = event(
    IncidentReported,
    {
      incidentId,
      organisation,
      occurredAt: reportedAt,
      reportedAt,
      kind,
      hasRiskAnswers: level !== undefined,
    },
    incidentId,
  );
  if (level === undefined) return [heard];
  const assessed = {
    assessmentId,
    incidentId,
    instrument: 'dash-24',
    level,
    occurredAt: reportedAt,
    organisation,
  };
  return [heard, event(AssessmentRecorded, assessed, assessmentId)];
}

function marac(referred: string, findings: readonly boolean[]): Event[] {
  const maracReferralId = randomUUID();
  return [
    event(
      MaracReferred,
      { maracReferralId, organisation: 'police', referredAt: new Date(referred) },
      maracReferralId,
    ),
    ...findings.map((repeat, index) =>
      event(MaracRepeatFound, { maracReferralId, repeat, windowMonths: 12 }, maracReferralId, index + 2),
    ),
  ];
}

function referral(kind: ReferralKind, support: SupportKind, referred: string, engaged = false): Event[] {
  const [referralId, caseId] = [randomUUID(), randomUUID()];
  const submitted = { referralId, organisation: 'police', kind, support, referredAt: new Date(referred) };
  const engagement = { caseId, referralId, engagedAt: new Date('2018-06-01T10:00:00Z') };
  return [
    event(ReferralSubmitted, submitted, referralId),
    ...(engaged ? [event(CaseEngaged, engagement, caseId, 3)] : []),
  ];
}

const attended = (personId: string, programme: GroupProgramme, held: string): Event => {
  const sessionId = randomUUID();
  return event(GroupSessionAttended, { sessionId, personId, programme, heldAt: new Date(held) }, sessionId);
};

const { FREEDOM, RECOVERY_TOOLKIT } = GroupProgramme;
const [ann, bea] = [randomUUID(), randomUUID()];

/** A small year with something on each side of every boundary. */
const year: readonly Event[] = [
  ...incident(RiskLevel.HIGH, 'victim-support', '2017-03-31T23:00:00Z'),
  ...incident(RiskLevel.HIGH, 'victim-support', '2017-03-31T22:59:59Z'),
  ...incident(RiskLevel.MEDIUM, 'victim-support', '2018-03-31T22:59:59Z'),
  ...incident(RiskLevel.MEDIUM, 'victim-support', '2018-03-31T23:00:00Z'),
  ...incident(RiskLevel.STANDARD, 'victim-support', '2017-10-29T01:30:00Z'),
  ...incident(RiskLevel.STANDARD, 'victim-support', '2017-10-29T00:30:00Z'),
  ...incident(undefined, 'victim-support', '2017-07-01T10:00:00Z'),
  ...incident(RiskLevel.HIGH, 'police', '2017-07-01T10:00:00Z'),
  ...marac('2016-12-31T23:59:59Z', [true]),
  ...marac('2017-01-01T00:00:00Z', [false, true]),
  ...marac('2017-06-01T00:00:00Z', [true, false]),
  ...marac('2017-12-31T23:59:59Z', [false]),
  ...marac('2018-01-01T00:00:00Z', [true]),
  ...marac('2018-04-15T22:59:59Z', [true, false, true]),
  ...marac('2018-04-15T23:00:00Z', [true]),
  ...marac('2018-02-01T10:00:00Z', []),
  ...referral(ReferralKind.POLICE, SupportKind.IDVA, '2017-03-31T23:00:00Z', true),
  ...referral(ReferralKind.ONE_STOP_SHOP, SupportKind.IDVA, '2017-05-01T10:00:00Z', true),
  ...referral(ReferralKind.GP, SupportKind.IDVA, '2018-03-31T22:00:00Z'),
  ...referral(ReferralKind.GP, SupportKind.IDVA, '2018-04-01T10:00:00Z', true),
  ...referral(ReferralKind.ONE_STOP_SHOP, SupportKind.ADVICE, '2017-01-01T10:00:00Z'),
  ...referral(ReferralKind.ONE_STOP_SHOP, SupportKind.ADVICE, '2018-01-01T10:00:00Z'),
  attended(ann, FREEDOM, '2017-05-01T10:00:00Z'),
  attended(ann, FREEDOM, '2017-05-08T10:00:00Z'),
  attended(bea, FREEDOM, '2017-12-31T23:30:00Z'),
  attended(randomUUID(), FREEDOM, '2018-01-01T10:00:00Z'),
  attended(randomUUID(), RECOVERY_TOOLKIT, '2017-05-01T10:00:00Z'),
];

const expected = {
  'incidents.high': 1,
  'incidents.medium': 1,
  'incidents.standard': 2,
  'incidents.total': 4,
  'marac_2017.referred': 3,
  'marac_2017.repeats': 1,
  'marac_2017.repeat_percent': 33.3,
  'marac_2018_to_april.referred': 3,
  'marac_2018_to_april.repeats': 2,
  'marac_2018_to_april.repeat_percent': 66.7,
  'idva.referred': 3,
  'idva.engaged_percent': 67,
  'one_stop_shop.referred': 2,
  'freedom_programme.attended': 2,
};

describe('the commissioners’ report', () => {
  it('is all noughts before anything is heard', async () => {
    expect(new Set(Object.values(await values()))).toEqual(new Set([0]));
  });

  it('counts what each measure says, shuffled and doubled events and all', async () => {
    const [shuffled = []] = fc.sample(
      fc.shuffledSubarray([...year, ...year], { minLength: year.length * 2 }),
      1,
    );
    await publish(shuffled);
    expect(await values()).toEqual(expected);
    await publish(year.toReversed());
    expect(await values()).toEqual(expected);
    expect(await db.deadLetter.count()).toBe(0);
  });

  it('names cohort, source, period and definition of each measure, and what a reader must know', async () => {
    const report = await as('commissioner@ccg').getCommissionersReport({});
    expect(report.measures.find(({ id }) => id === 'marac_2017.repeat_percent')).toMatchObject({
      numerator: 1,
      denominator: 3,
      period: '2017-01-01/2017-12-31',
      cohort: expect.stringContaining('MARAC'),
    });
    expect(report.notes.join(' ')).toContain('cannot be made across data sources');
    expect(report.notes.join(' ')).toContain('estimate in source');
    expect(report.madeAt).toBeInstanceOf(Date);
  });

  it('is for commissioners and the provider’s managers only', async () => {
    expect((await as('service-manager@provider').getCommissionersReport({})).measures).toHaveLength(14);
    for (const caller of [
      'case-worker@provider',
      'referrer@police',
      'platform-operator@provider',
      'programme-manager@provider',
    ]) {
      await expect(as(caller).getCommissionersReport({})).rejects.toMatchObject({ slug: 'forbidden' });
    }
  });

  it('leaves one audit row a reading', async () => {
    const before = await db.auditEntry.count();
    await as('commissioner@ccg').getCommissionersReport({});
    expect(await db.auditEntry.count()).toBe(before + 1);
  });
});

describe('facts', () => {
  it('hold no id of a person and no id of a participant', async () => {
    const participantId = randomUUID();
    await publish([event(ParticipantEnrolled, { participantId, enrolledAt: new Date() }, participantId)]);
    const tables = await db.$queryRaw<{ row: string }[]>`
      SELECT a::text AS row FROM attendance_fact a UNION ALL SELECT a::text FROM activity_fact a`;
    expect(tables.length).toBeGreaterThan(5);
    for (const id of [ann, bea, participantId]) expect(tables.map(({ row }) => row).join()).not.toContain(id);
  });
});
