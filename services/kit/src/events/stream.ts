import { DiscardPolicy, type JetStreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

/** The one stream of the platform. */
export const streamName = 'MIDAS';

const wanted = {
  subjects: ['midas.>'],
  // The outbox keeps every event; the stream is a window on it.
  max_age: nanos(14 * 24 * 3_600_000),
  duplicate_window: nanos(10 * 60_000),
  discard: DiscardPolicy.Old,
};

/** Makes the stream unless it is there. One that an operator set up with other limits is left as it is. */
export async function ensureStream(manager: JetStreamManager): Promise<void> {
  try {
    await manager.streams.info(streamName);
  } catch {
    await manager.streams.add({
      name: streamName,
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      ...wanted,
    });
  }
}
