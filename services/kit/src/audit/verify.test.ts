import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../db/index.ts';
import { entry, type Trail, trail } from '../testing/trail.ts';
import type { CopiedHead } from './heads.ts';
import { sealBatch } from './seal-table.ts';
import { verifyTrail } from './verify.ts';

let on: Trail;
let ids: readonly string[];
let heads: readonly CopiedHead[];

beforeEach(async () => {
  on = await trail();
  ids = await on.write(30, { filterDigest: 'digest' });
  heads = await on.seal(10);
});
afterEach(() => on[Symbol.asyncDispose]());

const id = (index: number): string => ids[index] ?? '';
const findings = async () => (await on.verify(heads)).findings;

test('a trail that nobody touched is in order', async () => {
  await on.write(3);
  expect(await on.verify(heads)).toEqual({
    seals: 3,
    entries: 30,
    waiting: 3,
    heads: 3,
    marks: 33,
    findings: [],
  });
  expect(await on.verify(heads.map((head) => ({ ...head, service: 'other', head: '' })))).toMatchObject({
    heads: 0,
    findings: [],
  });
});

test('a trail without any entry is in order', async () => {
  await using empty = await trail();
  expect(await empty.verify()).toEqual({
    seals: 0,
    entries: 0,
    waiting: 0,
    heads: 0,
    marks: 0,
    findings: [],
  });
});

test.each([
  `outcome = 'not-found'`,
  `at = at + interval '1 millisecond'`,
  `record_ids = '{a}'`,
  'filter_digest = NULL',
  'seq = seq + 1000',
  'written_in = written_in - 1',
  `roles = '{intake-worker,"case-worker "}'`,
])('a changed entry is found: %s', async (change) => {
  await on.admin.query(`UPDATE audit_entry SET ${change} WHERE id = $1`, [id(17)]);
  expect(await findings()).toEqual([{ kind: 'changed', entry: id(17) }]);
});

test('removed entries are found', async () => {
  await on.admin.query('DELETE FROM audit_entry WHERE id = ANY($1::uuid[])', [[id(0), id(29)]]);
  expect(await findings()).toEqual([
    { kind: 'removed', entry: id(0) },
    { kind: 'removed', entry: id(29) },
  ]);
});

const copyOf = (columns: string, values: string) =>
  `INSERT INTO audit_entry (id, ${columns}, subject, user_name, client, via, organisation, roles, rpc, action, record_ids,
     purpose, decision, outcome, trace_id)
   SELECT $1::uuid, ${values}, subject, user_name, client, via, organisation, roles, rpc, action, record_ids, purpose,
     decision, outcome, trace_id FROM audit_entry WHERE id = $2::uuid`;

describe('an entry that was put in afterwards', () => {
  test('is found by its place among those that are sealed', async () => {
    const forged = newId();
    await on.admin.query(copyOf('at, seq, written_in', 'at, -seq, written_in'), [forged, id(12)]);
    await on.write(5);
    await sealBatch(on.db, { service: 'kit', limit: 100 });
    expect(await findings()).toEqual([{ kind: 'inserted', entry: forged }]);
  });

  test('is found by its mark, sealed or not, whatever it copies of others', async () => {
    const [bare, copied] = [newId(), newId()];
    const unknown = { service: 'kit', heads };
    await on.admin.query(copyOf('at', 'at'), [bare, id(12)]);
    await on.admin.query(copyOf('at, mark', 'at, mark'), [copied, id(12)]);
    const both = [
      { kind: 'forged', entry: bare },
      { kind: 'forged', entry: copied },
    ];
    expect(await findings()).toEqual(both);
    await on.seal();
    expect(await findings()).toEqual(both);
    expect((await verifyTrail(on.admin, unknown)).findings).toEqual([]);
  });

  test('is found by its time when it stands at the end', async () => {
    const forged = newId();
    await on.admin.query(copyOf('at', `at - interval '2 hours'`), [forged, id(12)]);
    const later = await on.write(1, { at: new Date(Date.now() + 3_600_000) });
    await on.write(1);
    await on.seal();
    const chain = await verifyTrail(on.admin, { service: 'kit', heads });
    expect(chain.findings).toEqual([
      { kind: 'misdated', entry: forged },
      { kind: 'misdated', entry: later[0] },
    ]);
  });
});

describe('seals', () => {
  test.each([
    `head = sha256('x')`,
    `digests = digests || sha256('x')`,
    `sealed_at = sealed_at + interval '1 millisecond'`,
    'through_seq = through_seq + 1',
    'floor_seq = 1',
  ])('a changed one is found: %s', async (change) => {
    await on.admin.query(`UPDATE audit_seal SET ${change} WHERE number = 2`);
    expect(await findings()).toContainEqual({ kind: 'seal-changed', seal: 2 });
    expect((await on.verify()).findings).toContainEqual({ kind: 'seal-changed', seal: 2 });
  });

  test('a removed one is found, with what only it covered', async () => {
    await on.admin.query('DELETE FROM audit_seal WHERE number = 2');
    const found = await findings();
    expect(found[0]).toEqual({ kind: 'seal-removed', seal: 2, through: 2 });
    expect(found.filter(({ kind }) => kind === 'inserted')).toHaveLength(10);
    expect(found).toHaveLength(11);
  });

  test('a number far ahead is found', async () => {
    await on.db.$executeRawUnsafe(`INSERT INTO audit_seal SELECT 9000000000, sealed_at, previous, head, entry_ids, digests,
      through_written, through_seq, highest_seq, floor_seq FROM audit_seal WHERE number = 3`);
    expect(await findings()).toEqual([
      { kind: 'seal-removed', seal: 4, through: 8_999_999_999 },
      { kind: 'seal-changed', seal: 9_000_000_000 },
    ]);
  });

  test('a tail that was cut off with its seals shows by the copied heads, and by nothing else', async () => {
    await on.admin.query('DELETE FROM audit_entry WHERE id = ANY($1::uuid[])', [ids.slice(10)]);
    await on.admin.query('DELETE FROM audit_seal WHERE number > 1');
    expect(await findings()).toEqual([{ kind: 'cut-tail', seal: 3 }]);
    expect((await on.verify()).findings).toEqual([]);
    await on.admin.query('TRUNCATE audit_entry, audit_seal');
    expect(await findings()).toEqual([{ kind: 'cut-tail', seal: 3 }]);
  });

  test('a chain that was made anew over other entries shows by the copied heads', async () => {
    await on.admin.query('DELETE FROM audit_seal WHERE number > 1');
    await on.admin.query('DELETE FROM audit_entry WHERE id = $1', [id(15)]);
    const made = await on.seal(10);
    expect(made.map(({ seal }) => seal)).toEqual([2, 3]);
    expect((await on.verify()).findings).toEqual([]);
    expect(await findings()).toEqual([{ kind: 'replaced', seal: 2 }]);
    // And when the forger's own sealer has copied its heads as well.
    expect((await on.verify([...heads, ...made])).findings).toEqual([{ kind: 'replaced', seal: 2 }]);
  });

  test('a chain of another service is none of this one', async () => {
    const other = await verifyTrail(on.admin, { service: 'other' });
    expect(other.findings).toEqual([1, 2, 3].map((seal) => ({ kind: 'seal-changed', seal })));
  });
});

test('entries from before there were marks have none and are no forgeries', async () => {
  await using old = await trail();
  await old.write(3);
  await old.admin.query('UPDATE audit_entry SET mark = NULL');
  await old.write(3);
  await old.seal();
  expect(await old.verify()).toMatchObject({ marks: 6, findings: [] });
});

test('the settings of a session change nothing', async () => {
  const { name } = on.database;
  await on.admin.query(`ALTER DATABASE ${name} SET timezone = 'Asia/Tokyo'`);
  await on.admin.query(`ALTER DATABASE ${name} SET datestyle = 'German'`);
  await on.admin.query(`ALTER DATABASE ${name} SET bytea_output = 'escape'`);
  await on.admin.query(`ALTER DATABASE ${name} SET extra_float_digits = 0`);
  const elsewhere = new pg.Client({ connectionString: on.database.adminUrl });
  await elsewhere.connect();
  try {
    const db = {
      $queryRawUnsafe: async (sql: string, ...values: unknown[]) => (await elsewhere.query(sql, values)).rows,
      $executeRawUnsafe: async () => 0,
    };
    const [written] = await on.write(1, { at: new Date('2026-07-01T23:30:00.007Z'), ...{} });
    expect(written).toBeDefined();
    await sealBatch(db as never, { service: 'kit', limit: 10 });
    const { findings: here } = await on.verify(heads);
    const { findings: there } = await verifyTrail(elsewhere, { service: 'kit', heads, marks: on.marks });
    expect(here.filter(({ kind }) => kind !== 'misdated')).toEqual([]);
    expect(there).toEqual(here);
  } finally {
    await elsewhere.end();
  }
});

test('findings hold ids and numbers and nothing of what was written', async () => {
  await on.admin.query(`UPDATE audit_entry SET outcome = 'x'`);
  const text = JSON.stringify(await on.verify(heads));
  for (const word of [entry().userName, entry().rpc, 'intake-worker']) expect(text).not.toContain(word);
});
