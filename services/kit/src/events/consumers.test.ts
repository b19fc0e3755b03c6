import { ReferralAccepted, ReferralRejected } from '@midas/proto/referral/v1/events';
import { RejectionReason } from '@midas/proto/referral/v1/referral';
import { type ConsumerInfo, jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { enumName } from '../contract/enums.ts';
import { newId } from '../db/index.ts';
import { DomainError } from '../errors/index.ts';
import { waitFor } from '../testing/index.ts';
import { testUser } from '../testing/nats.ts';
import { accepted, published, type World, world } from '../testing/world.ts';
import { applyDurable, streamName } from './stream.ts';
import { type EventUnit, on, type Subscription } from './subscription.ts';

type Unit = EventUnit<PrismaClient>;

/** Counts each event once on its aggregate's row; the effect commutes. */
async function addUp(unit: Unit): Promise<void> {
  await unit.db.note.upsert({
    where: { id: unit.aggregateId },
    create: { id: unit.aggregateId, version: 1, recordedAt: unit.now },
    update: { version: { increment: 1 } },
  });
}
const onAccepted = (apply: (unit: Unit) => Promise<void> = addUp): Subscription<PrismaClient> =>
  on(ReferralAccepted, { apply: (_event, unit: Unit) => apply(unit) });

const applied = (of: World, count: number) =>
  waitFor(async () => (await of.db.inboxEvent.count()) === count, {
    what: `${count} events applied`,
    timeoutMs: 25_000,
  });
const total = async (of: World): Promise<number> =>
  (await of.db.note.aggregate({ _sum: { version: true } }))._sum.version ?? 0;

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

test('events that come shuffled and doubled have their effect once each', async () => {
  await using of = await world();
  const aggregates = Array.from({ length: 10 }, () => newId());
  const rows = aggregates.flatMap((id) => [1, 2, 3, 4, 5].map((version) => accepted(id, version)));
  of.consumers([onAccepted()]);
  await of.nats.publish(shuffled([...rows, ...rows, ...rows]));
  await applied(of, 50);
  await waitFor(async () => (await pendingOf(of)) === 0);
  expect((await of.db.note.findMany()).map(({ version }) => version)).toEqual(Array(10).fill(5));
});

async function durableOf(of: World): Promise<ConsumerInfo> {
  const nats = await of.nats.connect();
  try {
    return await (await jetstreamManager(nats)).consumers.info(streamName, testUser);
  } finally {
    await nats.close();
  }
}

async function pendingOf(of: World): Promise<number> {
  const { num_pending, num_ack_pending } = await durableOf(of);
  return num_pending + num_ack_pending;
}

test('two replicas share the work and double nothing', async () => {
  await using of = await world();
  const rows = Array.from({ length: 200 }, () => accepted());
  of.consumers([onAccepted()]);
  of.consumers([onAccepted()]);
  await of.nats.publish(shuffled([...rows, ...rows]));
  await applied(of, 200);
  await waitFor(async () => (await pendingOf(of)) === 0);
  expect(await total(of)).toBe(200);
});

test('events of one aggregate run one by one, those of others at the same time, at most 16', async () => {
  await using of = await world();
  const running = new Map<string, number>();
  let most = 0;
  let overlapped = false;
  of.consumers([
    onAccepted(async (unit) => {
      const now = (running.get(unit.aggregateId) ?? 0) + 1;
      running.set(unit.aggregateId, now);
      overlapped ||= now > 1;
      most = Math.max(most, [...running.values()].filter((n) => n > 0).length);
      await addUp(unit);
      running.set(unit.aggregateId, now - 1);
    }),
  ]);
  const aggregates = Array.from({ length: 40 }, () => newId());
  await of.nats.publish([1, 2, 3].flatMap((version) => aggregates.map((id) => accepted(id, version))));
  await applied(of, 120);
  expect(overlapped).toBe(false);
  expect(most).toBeGreaterThan(4);
  expect(most).toBeLessThanOrEqual(16);
});

test('an event that never applies becomes a dead letter after ten tries, and holds up nobody', async () => {
  await using of = await world();
  const bad = accepted();
  let tries = 0;
  of.consumers([
    onAccepted(async (unit) => {
      if (unit.eventId === bad.id) {
        tries += 1;
        await addUp(unit);
        throw new DomainError('conflict', 'cannot-apply', 'No.');
      }
      await addUp(unit);
    }),
  ]);
  await of.nats.publish([bad, ...Array.from({ length: 20 }, () => accepted())]);
  await applied(of, 20);
  const letter = await waitFor(() => of.db.deadLetter.findFirst());
  expect(tries).toBe(10);
  expect(letter).toMatchObject({
    consumer: 'kit',
    eventId: bad.id,
    subject: bad.subject,
    errorSlug: 'cannot-apply',
    attempts: 10,
    headers: expect.objectContaining({ 'ce-id': bad.id }),
  });
  expect(Buffer.from(letter.payload)).toEqual(Buffer.from(bad.payload));
  await waitFor(async () => (await pendingOf(of)) === 0);
  expect(await total(of)).toBe(20);
});

test('an event that waits for something unavailable is tried for as long as it takes', async () => {
  await using of = await world();
  let tries = 0;
  const subscription = on(ReferralAccepted, {
    prepare: async () => {
      tries += 1;
      if (tries <= 25) throw new DomainError('unavailable', 'case-unavailable', 'Later.');
      return tries;
    },
    apply: (_event, unit: Unit, prepared) => {
      expect(prepared).toBe(26);
      return addUp(unit);
    },
  });
  of.consumers([subscription]);
  await of.nats.publish([accepted()]);
  await applied(of, 1);
  expect(await of.db.deadLetter.count()).toBe(0);
});

test('an event newer than the code waits for an upgraded replica', async () => {
  await using of = await world();
  const old = of.consumers([onAccepted()], { unknownDelayMs: 10 });
  const newer = {
    ...accepted(),
    subject: 'midas.referral.referral.rejected.v1',
    type: 'midas.referral.v1.ReferralRejected',
  };
  await of.nats.publish([accepted()]);
  await applied(of, 1);
  // The upgraded replica joins the subject to the durable consumer that both share.
  of.consumers([onAccepted(), on(ReferralRejected, { apply: (_event, unit: Unit) => addUp(unit) })], {
    unknownDelayMs: 10,
  });
  // What is published before that is not heard: a subject joins first, then those who publish on it are rolled out.
  await waitFor(async () => (await durableOf(of)).config.filter_subjects?.length === 2, {
    what: 'the subject to have joined',
  });
  await of.nats.publish(Array.from({ length: 40 }, () => ({ ...newer, id: newId(), aggregateId: newId() })));
  await applied(of, 41);
  expect(old.status()).toBe('consuming');
  expect(await of.db.deadLetter.count()).toBe(0);
});

test('an event that carries a code newer than this one waits as well, and never becomes a dead letter', async () => {
  await using of = await world();
  let isUpgraded = false;
  let deliveries = 0;
  of.consumers(
    [
      onAccepted(async (unit) => {
        deliveries += 1;
        if (!isUpgraded) enumName({ KNOWN: 'KNOWN' }, 'NEWER' as 'KNOWN');
        await addUp(unit);
      }),
    ],
    { unknownDelayMs: 10, tries: 3 },
  );
  await of.nats.publish([accepted()]);
  await waitFor(() => deliveries > 5, { what: 'more deliveries than there are tries' });
  isUpgraded = true;
  await applied(of, 1);
  expect(await of.db.deadLetter.count()).toBe(0);
});

test('a refusal by a peer waits until it is mended', async () => {
  await using of = await world();
  let deliveries = 0;
  of.consumers(
    [
      onAccepted(async (unit) => {
        deliveries += 1;
        if (deliveries < 6) throw new DomainError('forbidden', 'forbidden', 'The peer does not know us yet.');
        await addUp(unit);
      }),
    ],
    { delay: () => 10, tries: 3 },
  );
  await of.nats.publish([accepted()]);
  await applied(of, 1);
  expect(await of.db.deadLetter.count()).toBe(0);
});

test('NATS crashing and coming back in the middle loses and doubles nothing', async () => {
  await using of = await world();
  of.relay();
  of.consumers([onAccepted()], { ackWaitMs: 1_000 });
  const rows = Array.from({ length: 150 }, () => accepted());
  for (const [index, row] of rows.entries()) {
    await of.commit(row);
    if (index === 50) await of.nats.stop('SIGKILL');
    if (index === 100) await of.nats.start();
  }
  await published(of);
  await applied(of, 150);
  expect(await total(of)).toBe(150);
});

test('the database cutting every connection in the middle loses and doubles nothing', async () => {
  await using of = await world();
  of.consumers([onAccepted()], { ackWaitMs: 1_000, tries: 1_000 });
  await of.nats.publish(Array.from({ length: 300 }, () => accepted()));
  for (const reached of [40, 120, 200]) {
    await waitFor(async () => (await of.db.inboxEvent.count()) >= reached);
    await of.database.disconnectAll();
  }
  await applied(of, 300);
  expect(await total(of)).toBe(300);
});

test('a durable consumer that is not there is waited for, and said to be missing', async () => {
  await using of = await world();
  const consuming = of.consumers([onAccepted()]);
  await waitFor(() => consuming.status() === 'consuming');
  const nats = await of.nats.connect();
  const manager = await jetstreamManager(nats);
  await manager.consumers.delete(streamName, testUser);
  await waitFor(() => consuming.status() === 'down', { what: 'the consumer to notice' });
  await of.nats.publish([accepted()]);
  await applyDurable(manager, testUser, [accepted().subject]);
  await applied(of, 1);
  expect(consuming.status()).toBe('consuming');
  await nats.close();
});

test('an effect whose acknowledgement was lost is not repeated', async () => {
  await using of = await world();
  const row = accepted();
  let deliveries = 0;
  of.consumers(
    [
      onAccepted(async (unit) => {
        deliveries += 1;
        await addUp(unit);
        // The effect commits after this, but the acknowledgement finds nobody.
        if (deliveries === 1) await of.nats.stop('SIGKILL');
      }),
    ],
    { ackWaitMs: 500 },
  );
  await of.nats.publish([row]);
  await applied(of, 1);
  await of.nats.start();
  await waitFor(async () => (await pendingOf(of)) === 0);
  expect(await total(of)).toBe(1);
});

test('what an effect publishes stands or falls with it, and a service hears its own events', async () => {
  await using of = await world();
  of.relay();
  let tries = 0;
  of.consumers([
    on(ReferralAccepted, {
      apply: async (event, unit: Unit) => {
        const message = {
          referralId: event.referralId,
          reason: RejectionReason.OTHER,
          rejectedAt: new Date(),
        };
        unit.publish(ReferralRejected, message, { type: 'referral', id: unit.aggregateId, version: 2 });
        tries += 1;
        if (tries < 3) throw new Error('not yet');
      },
    }),
    on(ReferralRejected, { apply: (_event, unit: Unit) => addUp(unit) }),
  ]);
  await of.commit(accepted());
  await applied(of, 2);
  expect(tries).toBe(3);
  expect(await total(of)).toBe(1);
});

test('drain finishes what is at hand and leaves the rest to the next process', async () => {
  await using of = await world();
  const first = of.consumers([onAccepted()], { ackWaitMs: 500 });
  await of.nats.publish(Array.from({ length: 300 }, () => accepted()));
  await waitFor(async () => (await of.db.inboxEvent.count()) > 20);
  await first.drain();
  const done = await of.db.inboxEvent.count();
  expect(await total(of)).toBe(done);
  of.consumers([onAccepted()], { ackWaitMs: 500 });
  await applied(of, 300);
  expect(await total(of)).toBe(300);
});
