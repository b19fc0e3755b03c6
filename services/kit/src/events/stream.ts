import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

/** The one stream of the platform. */
export const streamName = 'MIDAS';

/** Settings of the stream; infra/nats/stream.json describes the same for operators. */
export const streamSettings = {
  subjects: ['midas.>'],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // The outbox keeps every event; the stream is a window on it.
  discard: DiscardPolicy.Old,
  max_age: nanos(30 * 24 * 3_600_000),
  duplicate_window: nanos(600_000),
  max_msg_size: 262_144,
};

/** Events that a service works on at once. */
export const concurrency = 16;
/** Milliseconds after which the stream takes an unacknowledged event for lost with its replica. */
export const ackWaitMs = 30_000;

/** Settings of every durable consumer. */
export const durableSettings = {
  ack_wait: nanos(ackWaitMs),
  max_deliver: -1,
  max_ack_pending: concurrency * 16,
};

/** Makes the stream, or brings the one that is there to these settings; its replicas stay unless they are given. */
export async function applyStream(manager: JetStreamManager, replicas?: number): Promise<void> {
  const known = await found(manager.streams.info(streamName));
  const settings = {
    ...streamSettings,
    ...(replicas === undefined ? {} : { num_replicas: replicas }),
  };
  if (known === undefined) await manager.streams.add({ name: streamName, ...settings });
  else await manager.streams.update(streamName, { ...known.config, ...settings });
}

/**
 * Makes a service's durable consumer, or adds the subjects that it does not hear yet. An older release must not take
 * away what a newer one hears: subjects are only added here.
 */
export async function applyDurable(
  manager: JetStreamManager,
  service: string,
  hears: readonly string[],
  settings = durableSettings,
): Promise<void> {
  const known = await found(manager.consumers.info(streamName, service));
  if (known === undefined) {
    await manager.consumers.add(streamName, {
      durable_name: service,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ...settings,
      filter_subjects: [...hears],
    });
    return;
  }
  const all = [...new Set([...(known.config.filter_subjects ?? []), ...hears])].sort();
  await manager.consumers.update(streamName, service, { ...settings, filter_subjects: all });
}

/** Whether an answer of JetStream says that the stream or the consumer is not there. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.ConsumerNotFound || error.code === JetStreamApiCodes.StreamNotFound)
  );
}

async function found<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
