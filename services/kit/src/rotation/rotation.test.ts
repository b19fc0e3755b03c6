import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { liveKeyRing } from '../config/live-key-ring.ts';
import { databaseAdapter, newId, sealer } from '../db/index.ts';
import {
  type KeyRingText,
  type TestDatabase,
  testDatabase,
  testKeyRingFile,
  testKeyRingText,
  waitFor,
  writeKeyRing,
} from '../testing/index.ts';
import { type RotationOptions, rotation } from './rotation.ts';

const first = testKeyRingText('k1');
const both: KeyRingText = { ...first, keys: { ...first.keys, ...testKeyRingText('k2').keys } };
const rotated: KeyRingText = { ...both, active: 'k2', index: 'k2' };

let database: TestDatabase;
let admin: pg.Client;
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  database = await testDatabase('kit');
  admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await admin?.end();
  await database?.[Symbol.asyncDispose]();
});

/** A process of a service whose notes are sealed, with a ring file of its own. */
function startProcess(ring: KeyRingText, options: Partial<RotationOptions<PrismaClient>> = {}) {
  const file = testKeyRingFile();
  writeKeyRing(file, ring);
  const errors: object[] = [];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (fields: object) => void errors.push(fields),
  };
  const keyRing = liveKeyRing({ text: readFileSync(file, 'utf8'), file }, { log, pollMs: 10 });
  const db = new PrismaClient({ adapter: databaseAdapter(database.url, { max: 6 }) });
  const sealing = sealer({ keyRing });
  const column = sealing.column('note', 'content');
  const rotating = rotation({
    db,
    keyRing,
    sealer: sealing,
    indexes: [],
    log,
    batchSize: 20,
    beatMs: 10,
    settleMs: 0,
    ...options,
  });
  const stop = async () => {
    await rotating.drain();
    keyRing.close();
    await db.$disconnect();
  };
  closers.push(stop);
  return { db, column, rotating, errors, stop, take: (next: KeyRingText) => writeKeyRing(file, next) };
}
type Process = ReturnType<typeof startProcess>;

async function writeNotes({ db, column }: Process, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, newId);
  await db.note.createMany({
    data: ids.map((id) => ({
      id,
      version: 1,
      recordedAt: new Date(),
      content: column.sealText(id, `text of ${id}`),
    })),
  });
  return ids;
}

/** How many notes each key sealed. */
async function notesByKey(): Promise<Readonly<Record<string, number>>> {
  const { rows } = await admin.query<{ key: string; n: string }>(
    `SELECT convert_from(substring(content FROM 3 FOR get_byte(content, 1)), 'UTF8') AS key, count(*) AS n
     FROM note GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ key, n }) => [key, Number(n)]));
}
const allUnder = (keyId: string, count: number) =>
  waitFor(async () => (await notesByKey())[keyId] === count, {
    what: `every note under ${keyId}`,
    timeoutMs: 20_000,
  });

test('every value comes under a new key while they are being changed, and no change is lost', async () => {
  const one = startProcess(first);
  const ids = await writeNotes(one, 300);
  one.rotating.start();
  const versions = new Map<string, number>();
  let isOver = false;
  const writing = Array.from({ length: 4 }, async (_, writer) => {
    for (let round = 2; !isOver; round += 1) {
      const id = ids[(round * 7 + writer) % ids.length] ?? '';
      // Each writer has its own notes of four, so that it knows what it wrote last.
      const own = ids[ids.indexOf(id) - (ids.indexOf(id) % 4) + writer] ?? id;
      await one.db.note.update({
        where: { id: own },
        data: { version: round, content: one.column.sealText(own, `version ${round} of ${own}`) },
      });
      versions.set(own, round);
    }
  });
  await waitFor(() => versions.size > 10, { what: 'changes under way' });
  one.take(both);
  one.take(rotated);
  await allUnder('k2', ids.length);
  isOver = true;
  await Promise.all(writing);
  for (const note of await one.db.note.findMany()) {
    const version = versions.get(note.id);
    expect(note.version).toBe(version ?? 1);
    const text = version === undefined ? `text of ${note.id}` : `version ${version} of ${note.id}`;
    expect(one.column.openText(note.id, note.content)).toBe(text);
  }
  expect(await notesByKey()).toEqual({ k2: ids.length });
});

test('a rotation that was broken off is gone on with by the next process', async () => {
  const one = startProcess(first, { batchSize: 5 });
  const ids = await writeNotes(one, 100);
  one.rotating.start();
  one.take(rotated);
  await waitFor(async () => ((await notesByKey()).k2 ?? 0) > 0, { what: 'the first batch' });
  await one.stop();
  closers.pop();
  const done = (await notesByKey()).k2 ?? 0;
  const next = startProcess(rotated);
  next.rotating.start();
  await allUnder('k2', ids.length);
  expect(done).toBeLessThan(ids.length);
});

test('a value that does not open is left, named once, and does not stop the others', async () => {
  const one = startProcess(first);
  const [broken = '', ...others] = await writeNotes(one, 30);
  const { rows } = await admin.query<{ content: Buffer }>(
    'UPDATE note SET content = set_byte(content, 40, get_byte(content, 40) # 1) WHERE id = $1 RETURNING content',
    [broken],
  );
  one.rotating.start();
  one.take(rotated);
  await allUnder('k2', others.length);
  await waitFor(() => one.errors.length > 0, { what: 'the broken value to be named' });
  expect(await notesByKey()).toEqual({ k1: 1, k2: others.length });
  expect(one.errors).toEqual([{ table: 'note', column: 'content', id: broken }]);
  const kept = await one.db.note.findUniqueOrThrow({ where: { id: broken } });
  expect(Buffer.from(kept.content ?? []).equals(rows[0]?.content ?? Buffer.alloc(0))).toBe(true);
});

test('what a process writes that knows the new key later than the others is found too', async () => {
  const late = startProcess(first);
  const early = startProcess(first);
  late.rotating.start();
  early.rotating.start();
  await writeNotes(early, 10);
  early.take(rotated);
  await allUnder('k2', 10);
  await writeNotes(late, 10);
  late.take(rotated);
  await allUnder('k2', 20);
});

test('each process says which keys it holds and where values depend on them, and takes leave', async () => {
  const one = startProcess(first);
  const other = startProcess(both);
  one.rotating.start();
  other.rotating.start();
  const held = async () =>
    (await admin.query('SELECT keys, active, index, lasting FROM key_holder ORDER BY array_length(keys, 1)'))
      .rows;
  await waitFor(async () => (await held()).length === 2, { what: 'both processes' });
  expect(await held()).toEqual([
    { keys: ['k1'], active: 'k1', index: 'k1', lasting: 'k1' },
    { keys: ['k1', 'k2'], active: 'k1', index: 'k1', lasting: 'k1' },
  ]);
  const declared = async () => (await admin.query('SELECT * FROM keyed_column')).rows;
  await waitFor(async () => (await declared()).length > 0, { what: 'the columns' });
  expect(await declared()).toEqual([{ table_name: 'note', column_name: 'content', kind: 'sealed' }]);
  await other.rotating.drain();
  expect(await held()).toHaveLength(1);
});
