import { afterAll, beforeAll, expect, test } from 'vitest';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { type TestDatabase, testDatabase, testKeyRing } from '../testing/index.ts';
import { entry } from '../testing/trail.ts';
import { databaseAdapter } from './adapter.ts';
import { auditWriter } from './audit.ts';
import { type AuditEntry, auditEntriesOf } from './audit-entries.ts';
import { pages } from './pages.ts';
import type { AuditRow } from './types.ts';

let database: TestDatabase;
let db: PrismaClient;
const day = (number: number): Date => new Date(Date.UTC(2026, 0, number));
const row = (at: Date, recordIds: readonly string[], filterDigest?: string): AuditRow =>
  entry({ at, recordIds, filterDigest });
const rows = [
  row(day(1), ['a']),
  row(day(2), ['b', 'a'], 'digest'),
  row(day(3), ['c']),
  row(day(3), ['a']),
  row(day(3), ['b']),
];

beforeAll(async () => {
  database = await testDatabase('kit');
  db = new PrismaClient({ adapter: databaseAdapter(database.url) });
  const writer = auditWriter(db);
  for (const each of rows) await writer.write(each);
});
afterAll(async () => {
  await db.$disconnect();
  await database[Symbol.asyncDispose]();
});

const paging = pages({ keyRing: testKeyRing() });

test('the rows of some records are read page by page, newest first, as they were written', async () => {
  const found: AuditEntry[] = [];
  let token = '';
  do {
    const page = await paging.page({ size: 2, token, binding: [] }, (keyset) =>
      auditEntriesOf(db, { recordIds: ['a', 'b'], page: keyset }),
    );
    found.push(...page.rows);
    token = page.nextPageToken;
  } while (token !== '');
  const expected = [rows[4], rows[3], rows[1], rows[0]].map((each) => ({
    ...each,
    filterDigest: each?.filterDigest ?? null,
    recordedAt: each?.at,
  }));
  expect(found).toEqual(expected);
});

test('from is within, to is not', async () => {
  const { rows: found } = await paging.page({ binding: [] }, (keyset) =>
    auditEntriesOf(db, { recordIds: ['a', 'b'], from: day(2), to: day(3), page: keyset }),
  );
  expect(found.map(({ id }) => id)).toEqual([rows[1]?.id]);
});

test('no record asked for, no row', async () => {
  const { rows: found } = await paging.page({ binding: [] }, (keyset) =>
    auditEntriesOf(db, { recordIds: [], page: keyset }),
  );
  expect(found).toEqual([]);
});
