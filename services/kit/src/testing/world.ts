import { ReferralAccepted } from '@midas/proto/referral/v1/events';
import { jetstreamManager } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import pg from 'pg';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { databaseAdapter, newId, transact } from '../db/index.ts';
import type { OutboxRow } from '../db/types.ts';
import { type Consumers, type ConsumersOptions, consumers } from '../events/consumers.ts';
import { type NatsLink, natsLink } from '../events/nats-link.ts';
import { natsOptions } from '../events/nats-options.ts';
import { outboxRow } from '../events/outbox.ts';
import { type Relay, type RelayOptions, relay } from '../events/relay.ts';
import { applyDurable, durableSettings } from '../events/stream.ts';
import type { Subscription } from '../events/subscription.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { type TestNats, testNats, testUser } from './nats.ts';
import { waitFor } from './wait.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A database, a NATS server and whatever relays and consumers a test starts on them; all end with the world. */
export interface World extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly nats: TestNats;
  readonly db: PrismaClient;
  readonly admin: pg.Client;
  link(): NatsLink;
  relay(options?: Partial<RelayOptions>): Relay;
  consumers(
    subscriptions: readonly Subscription<PrismaClient>[],
    options?: Partial<ConsumersOptions<PrismaClient>>,
  ): Consumers;
  /** Commits events as a command does. */
  commit(...rows: OutboxRow[]): Promise<void>;
  unpublished(): Promise<number>;
}

export async function world(): Promise<World> {
  const [database, nats] = await Promise.all([testDatabase('kit'), testNats()]);
  const db = new PrismaClient({ adapter: databaseAdapter(database.url) });
  const admin = new pg.Client({ connectionString: database.adminUrl });
  // Tests end connections on purpose.
  admin.on('error', () => undefined);
  await admin.connect();
  const closers: (() => Promise<void>)[] = [];
  const link = (): NatsLink => {
    const made = natsLink({
      connection: natsOptions(nats.environment(testUser), testUser),
      name: 'test',
      log: silent,
    });
    closers.push(() => made.close());
    return made;
  };
  // The administrator's part, one after the other.
  let hearing: Promise<void> = Promise.resolve();
  const hear = (subjects: readonly string[], settings: typeof durableSettings): void => {
    hearing = hearing.then(async () => {
      const connection = await nats.connect();
      await applyDurable(await jetstreamManager(connection), testUser, subjects, settings);
      await connection.close();
    });
  };
  return {
    database,
    nats,
    db,
    admin,
    link,
    relay: (options = {}) => {
      const made = relay({
        service: testUser,
        databaseUrl: database.url,
        link: link(),
        log: silent,
        db,
        pollMs: 100,
        ...options,
      });
      made.start();
      closers.unshift(() => made.drain());
      return made;
    },
    consumers: (subscriptions, options = {}) => {
      const { ackWaitMs } = options;
      hear(
        subscriptions.map(({ subject }) => subject),
        ackWaitMs === undefined ? durableSettings : { ...durableSettings, ack_wait: nanos(ackWaitMs) },
      );
      const made = consumers<PrismaClient>({
        service: testUser,
        db,
        link: link(),
        subscriptions,
        log: silent,
        newId,
        now: () => new Date(),
        delay: () => 5,
        ...options,
      });
      made.start();
      closers.unshift(() => made.drain());
      return made;
    },
    commit: (...rows) => transact(db, async () => ({ value: undefined, effects: { events: rows } })),
    unpublished: () => db.outboxEvent.count({ where: { publishedAt: null } }),
    [Symbol.asyncDispose]: async () => {
      await hearing;
      for (const close of closers) await close();
      await db.$disconnect();
      await admin.end().catch(() => undefined);
      await Promise.all([nats[Symbol.asyncDispose](), database[Symbol.asyncDispose]()]);
    },
  };
}

/** An event of some aggregate; which event it is does not matter to kit. */
export function accepted(aggregateId: string = newId(), version = 1): OutboxRow {
  const message = { referralId: aggregateId, acceptedAt: new Date() };
  return outboxRow(
    ReferralAccepted,
    message,
    { type: 'referral', id: aggregateId, version },
    new Date(),
    newId,
  );
}

/** Waits until every committed event is in the stream and marked. */
export const published = (on: World): Promise<boolean> =>
  waitFor(async () => (await on.unpublished()) === 0, { what: 'every event published', timeoutMs: 20_000 });
