import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { auditInsert, auditJson } from '../db/effects.ts';
import { databaseAdapter, newId, transact } from '../db/index.ts';
import { waitFor } from '../testing/index.ts';
import { type Trail, trail } from '../testing/trail.ts';
import { type CopiedHead, headIn } from './heads.ts';
import { sealBatch, unsealedAge } from './seal-table.ts';
import { type SealingOptions, sealing, type TrailSealing } from './sealing.ts';

let on: Trail;
let folder: string;
let file: string;
let lines: { fields: Record<string, unknown>; text: string }[];
const open: TrailSealing[] = [];

beforeEach(async () => {
  on = await trail();
  folder = await mkdtemp(join(tmpdir(), 'midas-heads-'));
  file = join(folder, 'heads.jsonl');
  lines = [];
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.drain();
  await on[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const note = (fields: object, text: string): void => {
  lines.push({ fields: { ...fields }, text });
};
const start = (more: Partial<SealingOptions> = {}): TrailSealing => {
  const log = { info: note, warn: note, error: note };
  const made = sealing({ service: 'kit', db: on.db, log, everyMs: 20, headsFile: file, ...more });
  open.push(made);
  made.start();
  return made;
};
const copied = async (): Promise<readonly CopiedHead[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').flatMap((line) => headIn(line) ?? []);
const sealed = () =>
  waitFor(async () => (await on.waiting()) === 0, { what: 'every entry sealed', timeoutMs: 20_000 });

describe('the sealer', () => {
  test('seals what is written, copies each head to the file and the log, and rests when nothing is', async () => {
    const sealer = start({ batchSize: 10 });
    await on.write(25);
    await sealed();
    await on.write(5);
    await sealer.drain();
    const heads = await copied();
    expect(await on.verify(heads)).toMatchObject({
      entries: 30,
      waiting: 0,
      findings: [],
      heads: heads.length,
    });
    const { rows } = await on.admin.query(
      `SELECT number::int AS seal, encode(head, 'hex') AS head FROM audit_seal ORDER BY number`,
    );
    expect(rows).toEqual(heads.map(({ seal, head }) => ({ seal, head })));
    const told = lines.filter(({ text }) => text === 'audit sealed').map(({ fields }) => fields);
    expect(told).toMatchObject(rows);
    expect(lines).toHaveLength(told.length);
  });

  test('drains only after it has sealed what is there', async () => {
    const sealer = start({ everyMs: 60_000 });
    await waitFor(async () => (await unsealedAge(on.db)) === 0);
    await on.write(3);
    await waitFor(async () => (await on.waiting()) === 3);
    await sealer.drain();
    expect(await on.waiting()).toBe(0);
  });

  test('copies again what a killed process had sealed and not told', async () => {
    await on.write(3);
    const [head] = await on.seal();
    start();
    await waitFor(async () => (await copied()).length > 0);
    expect(await copied()).toEqual([head]);
  });

  test('tries a copy again that could not be made, and the log has the head meanwhile', async () => {
    file = join(folder, 'later', 'heads.jsonl');
    start({ headsFile: file });
    await on.write(1);
    await waitFor(() => lines.some(({ text }) => text.includes('could not be copied')));
    expect(lines.some(({ text }) => text === 'audit sealed')).toBe(true);
    await mkdir(join(folder, 'later'));
    await waitFor(async () => (await copied()).length > 0);
    expect((await on.verify(await copied())).findings).toEqual([]);
  });

  test('goes on when the database comes back', async () => {
    start();
    await on.write(2);
    await sealed();
    await on.database.disconnectAll();
    await waitFor(() => on.write(1), { what: 'an entry written' });
    await waitFor(async () => (await unsealedAge(on.db)) === 0, { timeoutMs: 20_000 });
  });

  test('says how long the oldest entry has been waiting', async () => {
    expect(await unsealedAge(on.db)).toBe(0);
    await on.write(1, { at: new Date(Date.now() - 90_000) });
    await on.write(1);
    expect(await unsealedAge(on.db)).toBeGreaterThanOrEqual(90);
    await on.seal();
    expect(await unsealedAge(on.db)).toBe(0);
  });
});

test('replicas that seal at once make one chain, and each entry is in it once', async () => {
  const others = [1, 2, 3].map(
    () => new PrismaClient({ adapter: databaseAdapter(on.database.url, { max: 2 }) }),
  );
  try {
    for (const db of [on.db, ...others]) start({ db, everyMs: 1, batchSize: 7 });
    const rounds = Array.from({ length: 20 }, async () => {
      await on.write(10);
      await transact(on.db, async (tx) => {
        await tx.note.create({ data: { id: newId(), version: 1, recordedAt: new Date() } });
        return { value: undefined, effects: { events: [], audit: on.entry() } };
      });
    });
    await Promise.all(rounds);
    await sealed();
    for (const each of open) await each.drain();
    const heads = await copied();
    expect(await on.verify(heads)).toMatchObject({ entries: 220, findings: [] });
    const { rows } = await on.admin.query(
      'SELECT count(*)::int AS n FROM (SELECT DISTINCT unnest(entry_ids) FROM audit_seal) AS s',
    );
    expect(rows).toEqual([{ n: 220 }]);
  } finally {
    for (const db of others) await db.$disconnect();
  }
});

test('an entry whose transaction commits late is sealed late, and holds the place of no other', async () => {
  const late = new pg.Client({ connectionString: on.database.url });
  await late.connect();
  try {
    await on.write(3);
    await on.seal();
    await late.query('BEGIN');
    await late.query(auditInsert('$1'), [auditJson([on.entry()])]);
    await on.write(5);
    // The five have higher numbers and are committed; they wait, since the first of all is not yet decided.
    expect((await sealBatch(on.db, { service: 'kit', limit: 100 })).seal).toBeUndefined();
    expect(await on.waiting()).toBe(5);
    await late.query('COMMIT');
    await on.seal();
    expect(await on.verify()).toMatchObject({ entries: 9, waiting: 0, findings: [] });
  } finally {
    await late.end();
  }
});

test('a database that was moved to a server with fewer transactions is sealed on', async () => {
  await on.write(4);
  await on.seal();
  // As the trail looks on the new server: its last entries, sealed or not, were written in transactions yet to come.
  const unsealed = await on.write(3);
  await on.admin.query(
    'UPDATE audit_entry SET written_in = written_in + 1000000000 WHERE id = ANY($1::uuid[])',
    [unsealed],
  );
  start({ batchSize: 2 });
  await sealed();
  await on.write(5);
  await sealed();
  expect(await on.verify(await copied())).toMatchObject({ entries: 12, waiting: 0, findings: [] });
  const { rows } = await on.admin.query(
    'SELECT floor_seq > 0 AS moved FROM audit_seal ORDER BY number DESC LIMIT 1',
  );
  expect(rows).toEqual([{ moved: true }]);
});
