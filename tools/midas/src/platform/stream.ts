import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DiscardPolicy, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { connect, type NatsConnection, nanos } from '@nats-io/transport-node';
import { z } from 'zod';
import { messageOf, userError } from '../errors.ts';
import { ROOT } from '../paths.ts';

const DAY_MS = 86_400_000;

const description = z.strictObject({
  name: z.string(),
  description: z.string(),
  subjects: z.array(z.string()),
  retention: z.literal(RetentionPolicy.Limits),
  storage: z.literal(StorageType.File),
  discard: z.enum([DiscardPolicy.Old, DiscardPolicy.New]),
  max_age_days: z.number().positive(),
  duplicate_window_seconds: z.number().positive(),
  max_msg_size: z.int(),
  num_replicas: z.int(),
});

const readDescription = async (): Promise<z.infer<typeof description>> =>
  description.parse(JSON.parse(await readFile(join(ROOT, 'infra/nats/stream.json'), 'utf8')));

const withConnection = async <T>(
  url: string,
  work: (connection: NatsConnection) => Promise<T>,
): Promise<T> => {
  const connection = await connect({ servers: url, name: 'midas-tool', timeout: 5000 }).catch(
    (cause: unknown) => {
      throw userError(
        `NATS does not answer (${messageOf(cause)}).`,
        'See `midas logs nats`, or the server of NATS_URL.',
      );
    },
  );
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
};

/** Makes the stream of infra/nats/stream.json, or brings the one that is there to those settings. */
export const ensureStream = (natsUrl: string): Promise<void> =>
  withConnection(natsUrl, async (connection) => {
    const { max_age_days, duplicate_window_seconds, ...settings } = await readDescription();
    const config = {
      ...settings,
      max_age: nanos(max_age_days * DAY_MS),
      duplicate_window: nanos(duplicate_window_seconds * 1000),
    };
    const { streams } = await jetstreamManager(connection);
    const known = await streams.info(config.name).catch(() => undefined);
    if (known) await streams.update(config.name, config);
    else await streams.add(config);
  });

/** Removes the stream with its consumers, if it is there. */
export const removeStream = (natsUrl: string): Promise<void> =>
  withConnection(natsUrl, async (connection) => {
    const { name } = await readDescription();
    const { streams } = await jetstreamManager(connection);
    if (await streams.info(name).catch(() => undefined)) await streams.delete(name);
  });
