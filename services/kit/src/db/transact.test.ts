import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { type TestDatabase, testDatabase, waitFor } from '../testing/index.ts';
import { databaseAdapter } from './adapter.ts';
import { auditWriter } from './audit.ts';
import { claimKey } from './claim-key.ts';
import { isUniqueViolation } from './errors.ts';
import { newId } from './ids.ts';
import { runInLane } from './lane.ts';
import { transact } from './transact.ts';
import type { AuditRow, IdempotencyKey, OutboxRow } from './types.ts';

let database: TestDatabase;
let db: PrismaClient;
let admin: pg.Client;

beforeAll(async () => {
  database = await testDatabase('kit');
  db = new PrismaClient({ adapter: databaseAdapter(database.url) });
  admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
});
beforeEach(async () => {
  await admin.query('TRUNCATE note, outbox_event, inbox_event, idempotency_record, audit_entry');
});
afterAll(async () => {
  await db.$disconnect();
  await admin.end();
  await database[Symbol.asyncDispose]();
});

const digestOf = (text: string) => createHash('sha256').update(text).digest();
const count = async (table: string): Promise<number> =>
  (await admin.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0].n;

function event(id = newId()): OutboxRow {
  return {
    id,
    subject: 'midas.kit.note.written.v1',
    type: 'midas.kit.v1.NoteWritten',
    aggregateType: 'note',
    aggregateId: newId(),
    aggregateVersion: 1,
    payload: new Uint8Array([0, 255, 128, 7]),
    headers: { traceparent: '00-1-2-01' },
    occurredAt: new Date('2017-05-06T07:08:09.010Z'),
  };
}
function audit(outcome = 'ok'): AuditRow {
  return {
    id: newId(),
    at: new Date(),
    subject: 'user-1',
    userName: 'worker@council',
    client: 'midas-demo',
    via: 'gateway',
    organisation: 'council',
    roles: ['intake', 'case-worker'],
    rpc: '/x/Y',
    action: 'submit',
    recordIds: ['a', 'b"c'],
    purpose: '',
    decision: 'allow',
    outcome,
    traceId: '',
  };
}
const key = (name: string = randomUUID()): IdempotencyKey => ({
  client: 'c',
  subject: 's',
  rpc: '/x/Y',
  key: name,
});
const note = (id: string) => ({ data: { id, version: 1, recordedAt: new Date() } });

describe('one transaction', () => {
  test('rows and every effect are there after it, byte for byte', async () => {
    const written = event();
    const row = audit();
    const claimed = key();
    const consumed = newId();
    await transact(db, async (tx) => {
      await tx.note.create(note(newId()));
      const idempotency = { ...claimed, requestDigest: digestOf('r'), resultId: 'id', resultVersion: 3 };
      const inbox = { consumer: 'kit', eventId: consumed };
      return { value: undefined, effects: { events: [written], idempotency, audit: row, inbox } };
    });
    const outbox = await db.outboxEvent.findUniqueOrThrow({ where: { id: written.id } });
    expect(Buffer.from(outbox.payload)).toEqual(Buffer.from(written.payload));
    expect(outbox).toMatchObject({
      subject: written.subject,
      type: written.type,
      aggregateType: 'note',
      aggregateId: written.aggregateId,
      aggregateVersion: 1,
      headers: written.headers,
      occurredAt: written.occurredAt,
      publishedAt: null,
    });
    expect(await db.auditEntry.findFirstOrThrow()).toMatchObject({ ...row });
    expect(await db.inboxEvent.count({ where: { eventId: consumed } })).toBe(1);
    expect(await claimKeyAlone(claimed)).toMatchObject({ state: 'done', resultId: 'id', resultVersion: 3 });
    expect(await count('note')).toBe(1);
  });

  test('an error in the work leaves nothing of rows and effects', async () => {
    const work = transact(db, async (tx) => {
      await tx.note.create(note(newId()));
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await count('note')).toBe(0);
  });

  test('an error in the effects leaves nothing of the rows', async () => {
    const twice = newId();
    const write = () =>
      transact(db, async (tx) => {
        await tx.note.create(note(newId()));
        return { value: undefined, effects: { events: [event(twice)] } };
      });
    await write();
    const error = await write().catch((thrown: unknown) => thrown);
    expect(isUniqueViolation(error, 'outbox_event')).toBe(true);
    expect(isUniqueViolation(error, 'note')).toBe(false);
    expect(await count('note')).toBe(1);
  });

  test('a deadlock is tried again until both are done', async () => {
    const [a, b] = [newId(), newId()];
    await db.note.createMany({ data: [note(a).data, note(b).data] });
    let arrived = 0;
    let attempts = 0;
    const add = (first: string, second: string) =>
      transact(db, async (tx) => {
        attempts += 1;
        await tx.note.update({ where: { id: first }, data: { version: { increment: 1 } } });
        arrived += 1;
        await waitFor(() => arrived >= 2);
        await tx.note.update({ where: { id: second }, data: { version: { increment: 1 } } });
        return { value: undefined, effects: { events: [] } };
      });
    await Promise.all([add(a, b), add(b, a)]);
    const versions = (await db.note.findMany()).map(({ version }) => version);
    expect(versions).toEqual([3, 3]);
    expect(attempts).toBeGreaterThan(2);
  });
});

const claimKeyAlone = (claimed: IdempotencyKey) =>
  transact(db, async (tx) => ({ value: await claimKey(tx, claimed), effects: { events: [] } }));

describe('idempotency keys', () => {
  test('a key is new, busy while its transaction runs, then done', async () => {
    const claimed = key();
    await transact(db, async (tx) => {
      expect(await claimKey(tx, claimed)).toEqual({ state: 'new' });
      expect(await claimKeyAlone(claimed)).toEqual({ state: 'busy' });
      expect(await claimKeyAlone(key())).toEqual({ state: 'new' });
      const idempotency = { ...claimed, requestDigest: digestOf('r'), resultId: 'x', resultVersion: 1 };
      return { value: undefined, effects: { events: [], idempotency } };
    });
    const done = await claimKeyAlone(claimed);
    expect(done.state === 'done' && Buffer.from(done.requestDigest).equals(digestOf('r'))).toBe(true);
  });

  test('a failed transaction gives its key back', async () => {
    const claimed = key();
    const failing = transact(db, async (tx) => {
      await claimKey(tx, claimed);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await claimKeyAlone(claimed)).toEqual({ state: 'new' });
  });

  test('of many calls with one key exactly one does the work', async () => {
    const claimed = key();
    const call = () =>
      transact(db, async (tx) => {
        const claim = await claimKey(tx, claimed);
        if (claim.state !== 'new') return { value: claim.state, effects: { events: [] } };
        await tx.note.create(note(newId()));
        const idempotency = { ...claimed, requestDigest: digestOf('r'), resultId: 'x', resultVersion: 1 };
        return { value: 'worked', effects: { events: [], idempotency } };
      });
    const results = await Promise.all(Array.from({ length: 30 }, call));
    expect(results.filter((result) => result === 'worked')).toHaveLength(1);
    expect(await count('note')).toBe(1);
  });
});

describe('audit rows of reads', () => {
  test('are committed when the promise resolves, many in few statements', async () => {
    const writer = auditWriter(db);
    await Promise.all(Array.from({ length: 500 }, () => writer.write(audit())));
    expect(await count('audit_entry')).toBe(500);
    // Rows of one statement have one transaction id.
    const { rows } = await admin.query('SELECT count(DISTINCT xmin::text)::int AS n FROM audit_entry');
    expect(rows[0].n).toBeLessThanOrEqual(4);
    await writer.close();
  });

  test('a row that cannot be written rejects, and later ones are written', async () => {
    const writer = auditWriter(db);
    const row = audit();
    await writer.write(row);
    await expect(writer.write(row)).rejects.toThrow();
    await writer.write(audit());
    expect(await count('audit_entry')).toBe(2);
  });
});

describe("kit's own statements", () => {
  test('run on the connection of their transaction, also within another one', async () => {
    const pid = async (tx: Parameters<typeof runInLane>[0]) =>
      (await runInLane<{ pid: number }>(tx, 'SELECT pg_backend_pid() AS pid', []))[0]?.pid;
    const viaPrisma = async (tx: Pick<PrismaClient, '$queryRaw'>) =>
      (await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`)[0]?.pid;
    await transact(db, async (outer) => {
      const own = await pid(outer);
      await db.note.count();
      await db.$transaction(async (inner) => expect(await viaPrisma(inner)).not.toBe(own));
      await transact(db, async (inner) => {
        expect(await pid(inner)).toBe(await viaPrisma(inner));
        expect(await pid(inner)).not.toBe(own);
        return { value: undefined, effects: { events: [] } };
      });
      expect(await pid(outer)).toBe(own);
      expect(await viaPrisma(outer)).toBe(own);
      return { value: undefined, effects: { events: [] } };
    });
  });

  test('never run after their transaction has ended', async () => {
    let late: Promise<unknown> | undefined;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    await transact(db, async (tx) => {
      late = ended.then(() => runInLane(tx, 'SELECT 1', []));
      return { value: undefined, effects: { events: [] } };
    });
    end();
    await expect(late).rejects.toThrow();
  });
});
