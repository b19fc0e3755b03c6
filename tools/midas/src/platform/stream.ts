import { jetstreamManager } from '@nats-io/jetstream';
import { connect, errors, type NatsConnection } from '@nats-io/transport-node';
import { messageOf, userError } from '../errors.ts';

/** A NATS server as its administrator reaches it. */
export type NatsAccess = {
  readonly url: string;
  /** Files with the seeds of its users by user; without the administrator's, the environment says who it is. */
  readonly seedFiles: Readonly<Record<string, string>>;
  readonly environment: NodeJS.ProcessEnv;
};

const CREDENTIALS = /^NATS_(USER|PASSWORD|NKEY_SEED)(_FILE)?$/;
const CERTIFICATES = /^TLS_(CERT|KEY|CA)_FILE$/;

const administrator = async ({ url, seedFiles, environment }: NatsAccess) => {
  const { loadConfig, natsConfig, natsOptions, streamAdmin } = await import('@midas/kit/nats');
  const seedFile = seedFiles[streamAdmin];
  const wanted = (name: string): boolean => CERTIFICATES.test(name) || (!seedFile && CREDENTIALS.test(name));
  const env = {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => wanted(name))),
    NATS_URL: url,
    ...(seedFile ? { NATS_NKEY_SEED_FILE: seedFile } : {}),
  };
  const problems: string[] = [];
  const config = loadConfig(natsConfig, {
    env,
    argv: [],
    printError: (problem) => problems.push(problem),
    exit: () => {
      throw userError(`NATS is not configured: ${problems.join('; ')}.`, 'Correct these variables.');
    },
  });
  return natsOptions(config, streamAdmin);
};

const asAdministrator = async <T>(
  access: NatsAccess,
  work: (connection: NatsConnection) => Promise<T>,
): Promise<T> => {
  const options = await administrator(access);
  const connection = await connect({ ...options, name: 'midas-tool', timeout: 5000 }).catch(
    (cause: unknown) => {
      throw userError(
        `NATS does not answer, or does not let the administrator in (${messageOf(cause)}).`,
        'See `midas logs nats`, or the server of NATS_URL and NATS_USER or NATS_NKEY_SEED_FILE.',
      );
    },
  );
  try {
    return await work(connection);
  } catch (cause) {
    const refusal = cause instanceof Error ? cause.cause : undefined;
    if (![cause, refusal].some((each) => each instanceof errors.PermissionViolationError)) throw cause;
    throw userError(
      `NATS lets this user in, but not as the administrator (${messageOf(cause)}).`,
      'Name the administrator by NATS_NKEY_SEED_FILE, or by NATS_USER and NATS_PASSWORD_FILE.',
    );
  } finally {
    await connection.close();
  }
};

/**
 * Makes the stream and the durable consumers of the contract, or brings those that are there to it; answers the names of
 * the consumers. Replicas of a stream that is there stay unless they are given.
 */
export const applyNats = (access: NatsAccess, replicas?: number): Promise<readonly string[]> =>
  asAdministrator(access, async (connection) => {
    const { applyDurable, applyStream, streamUsers } = await import('@midas/kit/nats');
    const manager = await jetstreamManager(connection);
    await applyStream(manager, replicas);
    const hearing = streamUsers().filter(({ hears }) => hears.length > 0);
    for (const { name, hears } of hearing) await applyDurable(manager, name, hears);
    return hearing.map(({ name }) => name);
  });

/** Removes the stream with its consumers, if it is there. */
export const removeStream = (access: NatsAccess): Promise<void> =>
  asAdministrator(access, async (connection) => {
    const { streamName } = await import('@midas/kit/nats');
    const { streams } = await jetstreamManager(connection);
    if (await streams.info(streamName).catch(() => undefined)) await streams.delete(streamName);
  });
