import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeHome, startBacking, stopBacking } from '../backing/index.ts';
import { userError } from '../errors.ts';
import { withClient } from '../migrate/index.ts';
import { withLock } from '../process/lock.ts';
import { asTask, type Progress, silentProgress } from '../progress/index.ts';
import { databaseName, GATEWAY, listDatabases, listServices } from '../services.ts';
import { headsFileOf } from './heads-file.ts';
import { stopService } from './service-process.ts';
import { removeStream } from './stream.ts';

export type DownOptions = { readonly home: string; readonly progress?: Progress };

/** Stops the processes: the gateway first, so that nothing new comes in, then the others, which finish their work. */
export const stopServices = async ({ home, progress = silentProgress }: DownOptions): Promise<void> => {
  const services = await listServices();
  await asTask(progress, 'Services stopped', async () => {
    await stopService(home, GATEWAY);
    await Promise.all(services.filter((name) => name !== GATEWAY).map((name) => stopService(home, name)));
  });
};

/** Stops the processes and then the backing services of this home. What is already stopped stays so. */
export const down = (options: DownOptions): Promise<void> =>
  withLock(options.home, async () => {
    await stopServices(options);
    const progress = options.progress ?? silentProgress;
    await asTask(progress, 'Backing services stopped', () => stopBacking(options.home));
  });

/** Stops everything and removes the home with all data, keys and secrets: for tests. */
export const destroy = async (options: DownOptions): Promise<void> => {
  await down(options);
  await removeHome(options.home);
};

/**
 * Erases what the services hold: their databases, the stream and the journal of the replay. The processes are stopped
 * first; keys, secrets, Keycloak and the backing services stay. Refuses when the data lies in a PostgreSQL or NATS of
 * somebody else's: what is there may be more than a replay.
 */
export const eraseData = async (
  options: DownOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> => {
  const external = ['DATABASE_URL', 'NATS_URL'].filter((name) => environment[name]);
  if (external.length > 0) {
    throw userError(
      `The data lies where ${external.join(' and ')} says, and is not erased from here.`,
      'Erase it by hand, ask for the year that is already there, or choose another MIDAS_HOME without that variable.',
    );
  }
  await withLock(options.home, async () => {
    const { home, progress = silentProgress } = options;
    await stopServices(options);
    const { databaseUrl, natsUrl, natsSeedFiles } = await startBacking({ home, report: progress });
    await asTask(progress, 'Data erased', async () => {
      const services = await listDatabases();
      await withClient(databaseUrl, async (client) => {
        for (const service of services)
          await client.query(
            `DROP DATABASE IF EXISTS ${client.escapeIdentifier(databaseName(service))} WITH (FORCE)`,
          );
      });
      await removeStream({ url: natsUrl, seedFiles: natsSeedFiles, environment });
      await rm(join(home, 'replay.jsonl'), { force: true });
      await rm(headsFileOf(home), { force: true });
    });
  });
};
