import { type ConsumerMessages, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Database } from '../db/types.ts';
import { meters } from '../telemetry/meters.ts';
import { applier } from './apply.ts';
import type { EventLog } from './log.ts';
import { type NatsLink, pause } from './nats-link.ts';
import { sequencer } from './sequencer.ts';
import {
  isMissing,
  ackWaitMs as standardAckWaitMs,
  concurrency as standardConcurrency,
  streamName,
} from './stream.ts';
import type { Subscription } from './subscription.ts';

export interface ConsumersOptions<Db> {
  /** Name of the service: its durable consumer and the owner of its inbox rows. */
  readonly service: string;
  readonly db: Db;
  readonly link: NatsLink;
  readonly subscriptions: readonly Subscription<Db>[];
  readonly log: EventLog;
  readonly newId: () => string;
  readonly now: () => Date;
  /** Messages worked on at once. */
  readonly concurrency?: number;
  /** Milliseconds until an event is delivered again after its n-th failure. */
  readonly delay?: (failures: number) => number;
  /** Milliseconds until an event that this code does not know is offered again. */
  readonly unknownDelayMs?: number;
  /** The durable consumer's: milliseconds after which it takes an unacknowledged event for lost with its replica. */
  readonly ackWaitMs?: number;
  /** Failures after which an event becomes a dead letter. */
  readonly tries?: number;
}

export interface Consumers {
  start(): void;
  /** Stops taking events and finishes those at hand. */
  drain(): Promise<void>;
  status(): 'consuming' | 'down' | 'idle';
}

const growing = (failures: number): number => Math.min(200 * 2 ** (failures - 1), 60_000);

/**
 * Works through the durable pull consumer of one service, which the stream's administrator makes; until it is there it is
 * waited for. A service without subscriptions has none.
 */
export function consumers<Db extends Database>(options: ConsumersOptions<Db>): Consumers {
  const { service, link, subscriptions, log, delay = growing, tries = 10 } = options;
  const {
    concurrency = standardConcurrency,
    unknownDelayMs = 15_000,
    ackWaitMs = standardAckWaitMs,
  } = options;
  const stopping = new AbortController();
  const line = sequencer(concurrency);
  const apply = applier({ ...options, delay, tries, unknownDelayMs, ackWaitMs, signal: stopping.signal });
  const subjects = subscriptions.map(({ subject }) => subject);
  let messages: ConsumerMessages | undefined;
  let running: Promise<void> | undefined;
  let unobserve: readonly (() => void)[] = [];

  const consume = async (nats: NatsConnection): Promise<void> => {
    const consumer = await jetstream(nats).consumers.get(streamName, service);
    messages = await consumer.consume({ max_messages: concurrency * 4, abort_on_missing_resource: true });
    if (stopping.signal.aborted) messages.stop();
    for await (const message of messages) {
      await line.add(message.headers?.get('midas-aggregate-id') ?? '', () => apply(message));
    }
  };
  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; failures++) {
      try {
        const nats = await untilStopped(link.ready(), stopping.signal);
        if (nats === undefined) break;
        await consume(nats);
        failures = 0;
      } catch (error) {
        if (failures === 0 && !stopping.signal.aborted) log.warn({ error }, sayWhy(error));
      } finally {
        messages = undefined;
      }
      await pause(Math.min(100 * 2 ** failures, 5_000), stopping.signal);
    }
    await line.idle();
  };
  const pending = async (): Promise<number | undefined> => {
    if (link.status() === 'down') return undefined;
    const manager = await jetstreamManager(await link.ready(), { checkAPI: false });
    const info = await manager.consumers.info(streamName, service);
    return info.num_pending + info.num_ack_pending;
  };
  return {
    start: () => {
      if (subjects.length === 0) return;
      running ??= run();
      unobserve = [meters.consumerPending({ service }, pending)];
    },
    drain: async () => {
      stopping.abort();
      messages?.stop();
      await running;
      for (const stop of unobserve) stop();
    },
    status: () =>
      subjects.length === 0
        ? 'idle'
        : messages !== undefined && link.status() === 'up'
          ? 'consuming'
          : 'down',
  };
}

function sayWhy(error: unknown): string {
  return isMissing(error)
    ? 'the durable consumer is not there; events wait until `midas nats apply` has made it'
    : 'the consumer stopped; it goes on trying';
}

async function untilStopped<T>(wanted: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  return Promise.race([wanted, stopped]);
}
