import { randomUUID } from 'node:crypto';
import type { Caller } from '@midas/kit';
import { type TestDatabase, testDatabase } from '@midas/kit/testing';
import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { factStore } from './facts.store.ts';
import { NO_FACTS } from './facts.ts';

let database: TestDatabase;
let db: PrismaClient;
const facts = factStore();
const now = new Date('2018-03-01T12:00:00Z');
const later = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);

beforeAll(async () => {
  database = await testDatabase('case');
  db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url, max: 4 }) });
});
afterAll(async () => {
  await db?.$disconnect();
  await database?.[Symbol.asyncDispose]();
});

const user = (role: string, change: Partial<Caller> = {}): Caller => ({
  kind: 'user',
  subject: 'f3b1',
  userName: `${randomUUID()}@provider`,
  client: 'midas-web',
  organisation: 'provider',
  organisationKind: 'provider',
  roles: [role],
  teams: [],
  purpose: 'direct-care',
  via: 'risk',
  ...change,
});

/** A case of somebody new, with an alleged perpetrator. */
async function aCase(change: { worker?: string; team?: string; organisation?: string | null } = {}) {
  const [personId, allegedId, particularsId, caseId] = [0, 1, 2, 3].map(() => randomUUID()) as [
    string,
    string,
    string,
    string,
  ];
  await db.person.createMany({ data: [personId, allegedId].map((id) => ({ id, recordedAt: now })) });
  await db.personParticulars.create({
    data: {
      id: particularsId,
      personId,
      sourceKind: 'referral',
      sourceId: randomUUID(),
      part: 'victim-0',
      particulars: new Uint8Array(1),
      recordedAt: now,
    },
  });
  await db.case.create({
    data: {
      id: caseId,
      referralId: randomUUID(),
      personId,
      concerns: [personId, allegedId],
      particularsId,
      organisation: 'provider',
      openedAt: now,
      version: 1,
      recordedAt: now,
      ...change,
    },
  });
  return { caseId, personId, allegedId };
}

const block = (userName: string, personId: string, endedAt: Date | null = null) =>
  db.conflictBlock.create({
    data: {
      id: randomUUID(),
      userName,
      personId,
      reason: new Uint8Array(1),
      blockedBy: 'ig@provider',
      endedAt,
      recordedAt: now,
    },
  });

const open = (openedBy: string, personId: string | null, endsAt: Date) =>
  db.breakGlass.create({
    data: {
      id: randomUUID(),
      openedBy,
      organisation: 'provider',
      openedAt: now,
      endsAt,
      reason: new Uint8Array(1),
      personId,
      reviewDueAt: now,
      recordedAt: now,
    },
  });

const share = (
  caseId: string,
  organisation: string,
  change: { expiresAt?: Date; endedAt?: Date; purpose?: string; scope?: 'SUMMARY' | 'HEALTH' | 'FULL' } = {},
) =>
  db.shareGrant.create({
    data: {
      id: randomUUID(),
      caseId,
      organisation,
      purpose: 'direct-care',
      scope: 'FULL',
      lawfulBasis: 'CONSENT',
      consentGiven: true,
      owner: 'case-worker@provider',
      grantedAt: now,
      expiresAt: later(60),
      version: 1,
      recordedAt: now,
      ...change,
    },
  });

describe('the cases that a case-worker holds', () => {
  it('are those allocated to the worker, and those of the team within the same provider', async () => {
    const team = randomUUID();
    const worker = user('case-worker', { teams: [team] });
    const mine = await aCase({ worker: worker.userName, team });
    const teams = await aCase({ worker: 'other@provider', team });
    await aCase({ worker: 'other@elsewhere', team, organisation: 'elsewhere' });
    await aCase({ worker: 'other@provider', team, organisation: null });
    const held = await facts.held(db, worker, []);
    expect(held.assigned.map(({ caseId }) => caseId)).toEqual([mine.caseId]);
    expect(held.team.map(({ caseId }) => caseId).sort()).toEqual([mine.caseId, teams.caseId].sort());
  });

  it('are none without the role, and none of which a block takes any person', async () => {
    const worker = user('case-worker');
    const { allegedId } = await aCase({ worker: worker.userName });
    expect((await facts.held(db, worker, [])).assigned).toHaveLength(1);
    expect(await facts.held(db, worker, [allegedId])).toEqual({ assigned: [], team: [] });
    expect(await facts.held(db, { ...worker, roles: ['service-manager'] }, [])).toEqual({
      assigned: [],
      team: [],
    });
  });
});

describe('an opening in an emergency', () => {
  it('reaches every case of that person with the provider, until it ends', async () => {
    const worker = user('case-worker');
    const { caseId, personId } = await aCase();
    await open(worker.userName, personId, later(1));
    expect((await facts.of(db, worker, now)).brokenGlass).toEqual([{ caseId, personId }]);
    expect((await facts.of(db, worker, later(1))).brokenGlass).toEqual([]);
  });

  it('of nobody known reaches nothing', async () => {
    const worker = user('case-worker');
    await open(worker.userName, null, later(1));
    expect(await facts.of(db, worker, now)).toEqual(NO_FACTS);
  });

  it('is nothing to another user, to another role or against a block', async () => {
    const worker = user('case-worker');
    const { personId, allegedId } = await aCase();
    await open(worker.userName, personId, later(1));
    expect((await facts.of(db, user('case-worker'), now)).brokenGlass).toEqual([]);
    expect((await facts.of(db, { ...worker, roles: ['service-manager'] }, now)).brokenGlass).toEqual([]);
    await block(worker.userName, allegedId);
    expect(await facts.of(db, worker, now)).toEqual({ ...NO_FACTS, blockedPersonIds: [allegedId] });
  });
});

describe('a share', () => {
  it('is a fact for its organisation and purpose while it is live', async () => {
    const organisation = `housing-${randomUUID()}`;
    const partner = user('partner-professional', { organisation, organisationKind: 'partner' });
    const live = await aCase();
    await share(live.caseId, organisation, { scope: 'SUMMARY' });
    const gone = await aCase();
    await share(gone.caseId, organisation, { expiresAt: now });
    await share(gone.caseId, organisation, { endedAt: now });
    await share(gone.caseId, organisation, { purpose: 'marac' });
    await share(gone.caseId, 'somebody-else');
    const { shared } = await facts.of(db, partner, now);
    expect(shared).toEqual([{ caseId: live.caseId, personId: live.personId, scope: 'SUMMARY' }]);
    expect((await facts.of(db, { ...partner, roles: ['referrer'] }, now)).shared).toEqual([]);
    await block(partner.userName, live.personId);
    expect((await facts.of(db, partner, now)).shared).toEqual([]);
  });
});

it('a block that ended is none', async () => {
  const worker = user('service-manager');
  const { personId } = await aCase();
  await block(worker.userName, personId, now);
  expect(await facts.of(db, worker, now)).toEqual(NO_FACTS);
});
