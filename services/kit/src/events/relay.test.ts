import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { transact } from '../db/index.ts';
import { waitFor } from '../testing/index.ts';
import { accepted, published, type World, world } from '../testing/world.ts';
import { pendingSql } from './outbox-table.ts';
import { streamName } from './stream.ts';

interface Stored {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

/** Every message of the stream, in its order. */
async function stored(on: World): Promise<Stored[]> {
  const nats = await on.nats.connect();
  try {
    const manager = await jetstreamManager(nats);
    const { messages } = (await manager.streams.info(streamName)).state;
    if (messages === 0) return [];
    const consumer = await jetstream(nats).consumers.get(streamName);
    const found: Stored[] = [];
    for await (const message of await consumer.fetch({ max_messages: messages, expires: 5_000 })) {
      const names = message.headers?.keys() ?? [];
      const headers = Object.fromEntries(names.map((name) => [name, message.headers?.get(name) ?? '']));
      found.push({ subject: message.subject, headers, data: message.data });
    }
    return found;
  } finally {
    await nats.close();
  }
}

const idsOf = (messages: readonly Stored[]) => messages.map(({ headers }) => headers['ce-id']);

test('what a command commits is in the stream with CloudEvents headers, once, in order, and marked', async () => {
  await using on = await world();
  on.relay();
  const rows = Array.from({ length: 40 }, () => accepted());
  for (const row of rows) await on.commit(row);
  await published(on);
  const messages = await stored(on);
  expect(idsOf(messages)).toEqual(rows.map(({ id }) => id));
  const [message] = messages;
  const [row] = rows;
  expect(message?.subject).toBe('midas.referral.referral.accepted.v1');
  expect(message?.headers).toMatchObject({
    'Nats-Msg-Id': row?.id,
    'ce-id': row?.id,
    'ce-specversion': '1.0',
    'ce-source': '/midas/referral',
    'ce-type': 'midas.referral.v1.ReferralAccepted',
    'ce-subject': row?.aggregateId,
    'ce-time': row?.occurredAt.toISOString(),
    'content-type': 'application/protobuf',
    'midas-aggregate-id': row?.aggregateId,
    'midas-aggregate-type': 'referral',
    'midas-aggregate-version': '1',
    traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/),
  });
  expect(Buffer.from(message?.data ?? [])).toEqual(Buffer.from(row?.payload ?? []));
});

test('an event is in the stream within milliseconds of its commit when nothing else happens', async () => {
  await using on = await world();
  // The poll cannot help: only being woken can.
  const relay = on.relay({ pollMs: 60_000 });
  await waitFor(() => relay.status() === 'leading');
  const lags: number[] = [];
  for (let n = 0; n < 20; n++) {
    await on.commit(accepted());
    const from = performance.now();
    await waitFor(async () => (await on.unpublished()) === 0);
    lags.push(performance.now() - from);
  }
  lags.sort((a, b) => a - b);
  expect(lags[10]).toBeLessThan(500);
});

test('a relay in another process is woken by NOTIFY', async () => {
  await using on = await world();
  // Without `db` it hears nothing of commits in this process, as if it ran in another one.
  const elsewhere = on.relay({ pollMs: 60_000, db: undefined });
  await waitFor(() => elsewhere.status() === 'leading');
  await on.commit(accepted());
  await published(on);
});

test('with NATS away commands commit, and every event follows when it is back', async () => {
  await using on = await world();
  const relay = on.relay();
  await on.commit(accepted());
  await published(on);
  await on.nats.stop('SIGKILL');
  const rows = Array.from({ length: 30 }, () => accepted());
  for (const row of rows) await on.commit(row);
  expect(await on.unpublished()).toBe(30);
  await on.nats.start();
  await published(on);
  expect(relay.status()).toBe('leading');
  expect(idsOf(await stored(on)).slice(1)).toEqual(rows.map(({ id }) => id));
});

test('a relay whose database connections are cut comes back and loses nothing', async () => {
  await using on = await world();
  on.relay();
  const rows = Array.from({ length: 60 }, () => accepted());
  for (const [index, row] of rows.entries()) {
    if (index % 20 === 10) await on.database.disconnectAll();
    // A cut may hit the commit itself, which then says so: the client's to repeat.
    await waitFor(async () => {
      const known = await on.db.outboxEvent.count({ where: { id: row.id } });
      if (known === 0) await on.commit(row);
      return true;
    });
  }
  await published(on);
  expect(idsOf(await stored(on)).sort()).toEqual(rows.map(({ id }) => id).sort());
});

test('a crash between commit and publish loses nothing', async () => {
  await using on = await world();
  const row = accepted();
  await on.commit(row);
  on.relay();
  await published(on);
  expect(idsOf(await stored(on))).toEqual([row.id]);
});

test('a crash between publish and mark doubles nothing', async () => {
  await using on = await world();
  const first = on.relay();
  const rows = Array.from({ length: 25 }, () => accepted());
  await on.commit(...rows);
  await published(on);
  await first.drain();
  // The state in which such a crash leaves the table: in the stream, but not marked.
  await on.admin.query('UPDATE outbox_event SET published_at = NULL');
  on.relay();
  await published(on);
  expect(idsOf(await stored(on))).toEqual(rows.map(({ id }) => id));
});

test('an event whose transaction began early and commits late is published', async () => {
  await using on = await world();
  on.relay();
  const [early, late] = [accepted(), accepted()];
  // Takes the lower number, then waits while the higher one is committed and published.
  await transact(on.db, async (tx) => {
    await tx.$queryRawUnsafe(`SELECT nextval('outbox_event_seq_seq')`);
    await on.commit(late);
    await published(on);
    return { value: undefined, effects: { events: [early] } };
  });
  await published(on);
  expect(idsOf(await stored(on))).toEqual([late.id, early.id]);
});

test('of several relays one leads, and another takes over when its connection ends', async () => {
  await using on = await world();
  const relays = [on.relay(), on.relay(), on.relay()];
  const leaders = () => relays.filter((relay) => relay.status() === 'leading');
  await waitFor(() => leaders().length === 1 && relays.every((relay) => relay.status() !== 'down'));
  const [leader] = leaders();
  await leader?.drain();
  await on.commit(accepted());
  await published(on);
  await waitFor(() => leaders().length === 1);
  expect(leaders()[0]).not.toBe(leader);
});

test('drain publishes what waits', async () => {
  await using on = await world();
  const relay = on.relay({ pollMs: 60_000 });
  await waitFor(() => relay.status() === 'leading');
  const rows = Array.from({ length: 1_200 }, () => accepted());
  await transact(on.db, async () => ({ value: undefined, effects: { events: rows } }));
  await relay.drain();
  expect(await on.unpublished()).toBe(0);
});

test('the leading relay forgets idempotency keys after 30 days and keeps the younger ones', async () => {
  await using on = await world();
  const key = (name: string) => ({ client: 'c', subject: 's', rpc: '/x/Y', key: name });
  const days = (ago: number) => new Date(Date.now() - ago * 86_400_000);
  const rest = { requestDigest: new Uint8Array(32), resultId: 'x', resultVersion: 1 };
  await on.db.idempotencyRecord.createMany({
    data: [
      { ...key('old'), ...rest, createdAt: days(31) },
      { ...key('young'), ...rest, createdAt: days(29) },
    ],
  });
  on.relay();
  await waitFor(async () => (await on.db.idempotencyRecord.count()) === 1);
  expect(await on.db.idempotencyRecord.findFirst()).toMatchObject({ key: 'young' });
});

test('what waits is found through the index, however much was published and however much waits', async () => {
  await using on = await world();
  const fill = (from: number, to: number, published: string) =>
    on.admin.query(`INSERT INTO outbox_event (id, subject, type, aggregate_type, aggregate_id, aggregate_version,
      payload, headers, occurred_at, published_at)
      SELECT gen_random_uuid(), 's', 't', 'a', n::text, 1, '', '{}', now(), ${published}
      FROM generate_series(${from}, ${to}) AS n`);
  const plan = async (): Promise<string> => {
    await on.admin.query('ANALYZE outbox_event');
    const { rows } = await on.admin.query({
      text: `EXPLAIN ${pendingSql.replace('$1', '500')}`,
      rowMode: 'array',
    });
    return rows.flat().join('\n');
  };
  const inOrder = /Index Scan using outbox_event_published_at_seq_idx/;
  await fill(1, 20_000, 'now()');
  expect(await plan()).toMatch(inOrder);
  await fill(20_001, 40_000, 'NULL');
  const backlog = await plan();
  expect(backlog).toMatch(inOrder);
  expect(backlog).not.toContain('Sort');
});
