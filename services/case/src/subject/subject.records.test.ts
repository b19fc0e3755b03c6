import { randomUUID } from 'node:crypto';
import { blindIndex, newId, sealer } from '@midas/kit';
import { type TestDatabase, testDatabase, testKeyRing } from '@midas/kit/testing';
import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { breakGlassStore } from '../break-glass/break-glass.store.ts';
import { openBreakGlass } from '../break-glass/break-glass.ts';
import { caseStore } from '../case/case.store.ts';
import { contactStore } from '../case/contact.store.ts';
import { conflictStore } from '../conflict/conflict.store.ts';
import { personStore } from '../person/person.store.ts';
import { SIGNALLED, sendingsOf } from '../programme/programme.ts';
import { shareStore } from '../share/share.store.ts';
import { invented } from '../testing/platform.ts';
import { caseRecords } from './subject.records.ts';

let database: TestDatabase;
let db: PrismaClient;
const keyRing = testKeyRing();
const sealed = sealer({ keyRing });
const persons = personStore({ sealer: sealed, blindIndex: blindIndex(keyRing), newId });
const now = new Date('2018-03-01T15:00:00Z');
const records = caseRecords({
  sealer: sealed,
  persons,
  cases: caseStore(sealed, persons),
  contacts: contactStore(sealed),
  shares: shareStore(sealed),
  retentionYears: 7,
  now: () => now,
});

beforeAll(async () => {
  database = await testDatabase('case');
  db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url, max: 2 }) });
});
afterAll(async () => {
  await db?.$disconnect();
  await database?.[Symbol.asyncDispose]();
});

const resolve = (kind: string, sendings: Parameters<typeof persons.resolve>[2]) =>
  db.$transaction((tx) => persons.resolve(tx, { kind, id: randomUUID() }, sendings, now));

it('what came with signals of the programme is in no copy, of whomever it tells', async () => {
  const [partner, participant] = [invented(), invented()];
  const [sent] = await resolve('incident', [{ role: 'victim', particulars: partner }]);
  const signalled = await resolve(SIGNALLED, sendingsOf({ partner, participant }));
  expect(signalled[0]?.personId).toBe(sent?.personId);
  const found = await records.find(
    db,
    signalled.map(({ personId }) => personId),
  );
  expect(found.map(({ id }) => id)).toEqual([sent?.particularsId]);
});

it('who opened access to a person in an emergency asked for the person', async () => {
  const [known] = await resolve('incident', [{ role: 'victim', particulars: invented() }]);
  const opening = (personId: string | null) =>
    breakGlassStore(sealed).add(
      db,
      openBreakGlass(
        {
          id: newId(),
          openedBy: 'case-worker@provider',
          organisation: 'provider',
          reason: 'She called, and said that she is in danger.',
          personId,
        },
        now,
      ),
      now,
    );
  const { id } = await opening(known?.personId ?? '');
  await opening(null);
  expect(await records.recordIds(db, [known?.personId ?? ''])).toEqual([id]);
});

it('erasure empties the reason of a conflict of interest by whichever id it names the person', async () => {
  const [known, other] = [newId(), newId()];
  const blocks = conflictStore(sealed);
  const block = {
    userName: 'case-worker@provider',
    personId: known,
    otherPersonIds: [other],
    reason: 'They are cousins',
    blockedBy: 'information-governance@council',
  };
  const of = (personId: string) => ({ ...block, id: newId(), personId, otherPersonIds: [] });
  await db.person.createMany({ data: [known, other].map((id) => ({ id, recordedAt: now })) });
  const { id } = await blocks.add(db, { ...block, id: newId() }, now);
  const { id: apart } = await blocks.add(db, of(known), now);
  await db.$transaction((tx) => records.erase(tx, [other]));
  const reasonOf = async (blockId: string) => {
    const row = await blocks.find(db, blockId);
    return row && blocks.openReason(row);
  };
  expect([await reasonOf(id), await reasonOf(apart)]).toEqual(['', block.reason]);
});
