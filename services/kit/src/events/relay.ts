import { jetstream } from '@nats-io/jetstream';
import { type NatsConnection, headers as natsHeaders } from '@nats-io/transport-node';
import pg from 'pg';
import { outboxChannel } from '../db/effects.ts';
import type { Database } from '../db/types.ts';
import { onCommit } from '../db/wake.ts';
import type { EventLog } from './log.ts';
import { type NatsLink, pause } from './nats-link.ts';
import {
  forgetOldKeys,
  markPublished,
  type OutboxRecord,
  publishHeaders,
  readPending,
  takeLock,
} from './outbox-table.ts';

export interface RelayOptions {
  readonly service: string;
  readonly databaseUrl: string;
  readonly link: NatsLink;
  readonly log: EventLog;
  /** The Prisma client whose commits wake the relay at once; without it NOTIFY and the poll do. */
  readonly db?: Database | undefined;
  /** Rows published before they are marked together. */
  readonly batchSize?: number;
  /** How often the outbox is looked at when nothing wakes the relay. */
  readonly pollMs?: number;
}

export interface Relay {
  start(): void;
  /** Publishes what waits now if NATS is there, then stops; never waits for NATS to come back. */
  drain(): Promise<void>;
  /** `leading`: this process publishes. `standby`: another one does. `down`: the database is away. */
  status(): 'leading' | 'standby' | 'down';
}

const publishTimeoutMs = 5_000;
const tidyEveryMs = 3_600_000;

/**
 * Publishes what the outbox holds: one relay a database by advisory lock, in order of seq, marked after the stream has
 * acknowledged. Dying between acknowledgement and mark publishes again under the same message id, which the stream and
 * every inbox recognise.
 */
export function relay(options: RelayOptions): Relay {
  const { service, databaseUrl, link, log, db, batchSize = 500, pollMs = 1_000 } = options;
  const stopping = new AbortController();
  let state: ReturnType<Relay['status']> = 'down';
  let running: Promise<void> | undefined;
  let wake: (() => void) | undefined;
  let missedWake = false;

  const awaken = (): void => {
    missedWake = true;
    wake?.();
  };
  const idle = async (): Promise<void> => {
    if (missedWake || stopping.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pollMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wake = undefined;
  };

  /** Publishes until nothing waits. Returns false when the stream did not take everything. */
  const publishPending = async (client: pg.Client): Promise<boolean> => {
    for (;;) {
      const rows = await readPending(client, batchSize);
      if (rows.length === 0) return true;
      const nats = await reachable(link, stopping.signal);
      if (nats === undefined) return false;
      const acknowledged = await publishAll(nats, rows).catch(() => []);
      if (acknowledged.length > 0) await markPublished(client, acknowledged);
      if (acknowledged.length < rows.length) return false;
      if (rows.length < batchSize && !missedWake) return true;
      missedWake = false;
    }
  };
  const session = async (client: pg.Client): Promise<void> => {
    let failures = 0;
    let tidyAt = 0;
    while (!stopping.signal.aborted) {
      missedWake = false;
      state = state === 'leading' || (await takeLock(client)) ? 'leading' : 'standby';
      if (state === 'leading' && performance.now() >= tidyAt) {
        await forgetOldKeys(client);
        tidyAt = performance.now() + tidyEveryMs;
      }
      if (state === 'leading' && !(await publishPending(client))) {
        failures += 1;
        if (failures === 1) log.warn({}, 'the stream did not take every event; the relay goes on trying');
        await pause(Math.min(100 * 2 ** failures, 5_000), stopping.signal);
        continue;
      }
      failures = 0;
      await idle();
    }
    if (state === 'leading' && link.status() === 'up') await publishPending(client);
  };
  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; failures++) {
      const client = new pg.Client({
        connectionString: databaseUrl,
        application_name: `${service}-relay`,
        keepAlive: true,
      });
      const lost = new Promise<never>((_, reject) => {
        client.on('error', reject);
        client.on('end', () => reject(new Error('the connection ended')));
      });
      lost.catch(() => undefined);
      client.on('notification', awaken);
      try {
        await client.connect();
        // A mark that is lost in a crash only publishes again; waiting for the disk on each would slow commands.
        await client.query(`SET synchronous_commit = off; LISTEN ${outboxChannel}`);
        failures = 0;
        await Promise.race([session(client), lost]);
      } catch (error) {
        if (failures === 0) log.warn({ error }, 'the relay lost its database; it goes on trying');
      } finally {
        state = 'down';
        wake?.();
        await client.end().catch(() => undefined);
      }
      await pause(Math.min(100 * 2 ** failures, 5_000), stopping.signal);
    }
  };

  let unsubscribe = (): void => undefined;
  return {
    start: () => {
      running ??= run();
      const stops = [link.onUp(awaken)];
      if (db !== undefined) {
        stops.push(
          onCommit(db, () => {
            awaken();
            return state === 'leading';
          }),
        );
      }
      unsubscribe = () => {
        for (const stop of stops) stop();
      };
    },
    drain: async () => {
      stopping.abort();
      awaken();
      await running;
      unsubscribe();
    },
    status: () => state,
  };
}

/** NATS, waited for until it is there or the relay stops. */
async function reachable(link: NatsLink, signal: AbortSignal): Promise<NatsConnection | undefined> {
  if (link.status() === 'up') return link.ready();
  if (signal.aborted) return undefined;
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  return Promise.race([link.ready().catch(() => undefined), stopped]);
}

/** Publishes all at once and returns the ids that the stream acknowledged. */
async function publishAll(nats: NatsConnection, rows: readonly OutboxRecord[]): Promise<string[]> {
  const stream = jetstream(nats);
  const published = rows.map(async (row) => {
    const headers = natsHeaders();
    for (const [name, value] of Object.entries(publishHeaders(row))) headers.set(name, value);
    await stream.publish(row.subject, row.payload, { msgID: row.id, headers, timeout: publishTimeoutMs });
    return row.id;
  });
  const settled = await Promise.allSettled(published);
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
