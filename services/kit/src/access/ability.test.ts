import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { databaseAdapter, newId } from '../db/index.ts';
import { type TestDatabase, testDatabase } from '../testing/index.ts';
import { access } from './ability.ts';
import { abilityOf, type Rule } from './rules.ts';

let database: TestDatabase;
let db: PrismaClient;

beforeAll(async () => {
  database = await testDatabase('kit');
  db = new PrismaClient({ adapter: databaseAdapter(database.url) });
  const recordedAt = new Date();
  await db.note.createMany({ data: [1, 2, 3].map((version) => ({ id: newId(), version, recordedAt })) });
});
afterAll(async () => {
  await db?.$disconnect();
  await database?.[Symbol.asyncDispose]();
});

const grant: Rule = { action: 'read', subject: 'Note', conditions: { version: { lte: 2 } } };
const withheld: Rule = { action: 'read', subject: 'Note', conditions: { version: 2 }, inverted: true };

describe('the condition of a list', () => {
  it.each([
    ['no rule', [], []],
    ['a rule', [grant], [1, 2]],
    ['a rule and what is taken away from it', [grant, withheld], [1]],
    ['what is taken away, and nothing granted', [withheld], []],
    ['a rule for something else', [{ action: 'read', subject: 'Letter' }], []],
    ['a rule for no record', [{ ...grant, conditions: { version: { in: [] } } }], []],
  ])('of %s holds wherever it stands in a query', async (_, rules, wanted) => {
    const where = access(abilityOf(rules)).where('read', 'Note');
    for (const placed of [where, { AND: [where] }, { AND: [{ AND: [{}, where] }, {}] }]) {
      const rows = await db.note.findMany({ where: placed, orderBy: { version: 'asc' } });
      expect(rows.map(({ version }) => version)).toEqual(wanted);
      expect(await db.note.count({ where: placed })).toBe(wanted.length);
    }
  });
});
