import {
  AckPolicy,
  type ConsumerUpdateConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

/** The one stream of the platform. */
export const streamName = 'MIDAS';

/** Settings of the stream where nobody has made it yet; infra/nats/stream.json describes the same for operators. */
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

/** Makes the stream unless it is there. One that an operator set up is left as it is. */
export async function ensureStream(manager: JetStreamManager): Promise<void> {
  const known = await manager.streams.info(streamName).catch(() => undefined);
  if (known === undefined) await manager.streams.add({ name: streamName, ...streamSettings });
}

type DurableSettings = Required<
  Pick<ConsumerUpdateConfig, 'filter_subjects' | 'ack_wait' | 'max_deliver' | 'max_ack_pending'>
>;

/** Makes a service's durable consumer, or adds the subjects that it does not hear yet. */
export async function ensureDurable(
  manager: JetStreamManager,
  service: string,
  settings: DurableSettings,
): Promise<void> {
  const known = await manager.consumers.info(streamName, service).catch(() => undefined);
  if (known === undefined) {
    await manager.consumers.add(streamName, {
      durable_name: service,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ...settings,
    });
    return;
  }
  // An older replica must not take away what a newer one hears: subjects are only added here.
  const heard = known.config.filter_subjects ?? [];
  const all = [...new Set([...heard, ...settings.filter_subjects])].sort();
  if (all.length > heard.length) {
    await manager.consumers.update(streamName, service, { ...settings, filter_subjects: all });
  }
}
