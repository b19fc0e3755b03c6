import { rm } from 'node:fs/promises';
import { userError } from '../errors.ts';
import { sharedCache } from '../paths.ts';
import { readLive } from '../process/pidfile.ts';
import { asTask, type Progress, silentProgress } from '../progress/index.ts';
import { useExternalKeycloak } from './external.ts';
import { isFirstStart, startKeycloak, stopKeycloak } from './keycloak.ts';
import { installKeycloak, keycloakHome, keycloakNeeds } from './keycloak-install.ts';
import { findNats, installNats, startNats, stopNats } from './nats.ts';
import { seedFilesIn } from './nats-users.ts';
import { postgresVersion, removePostgresData, startPostgres, stopPostgres } from './postgres.ts';
import { checkPrerequisites } from './prerequisites.ts';
import { composeRealm, confidentialClients, readDemoPeople, readRealm } from './realm.ts';
import { rememberPorts, rememberSecrets, SUPERUSER_SECRET } from './state.ts';
import type { Backing, BackingOptions, BackingProcess } from './types.ts';

export { composeRealm, confidentialClients, readDemoPeople, readRealm } from './realm.ts';
export type { Backing, BackingOptions, BackingProcess } from './types.ts';

const PORTS = ['postgres', 'nats', 'monitor', 'keycloak', 'management'] as const;
const ADMIN_SECRET = 'keycloak-admin';

type Context = {
  readonly home: string;
  readonly cache: string;
  readonly progress: Progress;
  readonly environment: NodeJS.ProcessEnv;
  readonly ports: Readonly<Record<(typeof PORTS)[number], number>>;
  readonly secrets: Readonly<Record<string, string>>;
};

const secretOf = (context: Context, name: string): string => context.secrets[name] ?? '';

const postgres = async (context: Context): Promise<BackingProcess> => {
  const external = context.environment.DATABASE_URL;
  if (external) {
    const version = await postgresVersion(external);
    if (version) return { name: 'postgres', url: external, version };
    throw userError(
      'No PostgreSQL answers at DATABASE_URL.',
      'Start it, or unset DATABASE_URL to use the local one.',
    );
  }
  const password = secretOf(context, SUPERUSER_SECRET);
  const start = () => startPostgres(context.home, context.ports.postgres, password);
  const { record, url, version } = await asTask(context.progress, 'PostgreSQL', start);
  return { name: 'postgres', url, version, pid: record.pid, log: record.log };
};

/** Path of a `nats-server` that tests may start themselves: the one on PATH or in the cache, else built there now. */
export const natsServer = async (progress = silentProgress, environment = process.env): Promise<string> => {
  const cache = sharedCache(environment);
  return (await findNats(cache)) ?? (await installNats(cache, progress));
};

type RunningNats = { readonly process: BackingProcess; readonly seedFiles: Readonly<Record<string, string>> };

const nats = async (context: Context): Promise<RunningNats> => {
  const { NATS_URL: external, NATS_KEYS: folder } = context.environment;
  if (external) {
    const process: BackingProcess = { name: 'nats', url: external, version: 'as configured' };
    return { process, seedFiles: folder ? await seedFilesIn(folder) : {} };
  }
  const binary = await natsServer(context.progress, context.environment);
  const ports = { client: context.ports.nats, monitor: context.ports.monitor };
  const { record, url, version, seedFiles } = await asTask(context.progress, 'NATS', () =>
    startNats(context.home, ports, binary),
  );
  const process: BackingProcess = { name: 'nats', url, version, pid: record.pid, log: record.log };
  return { process, seedFiles };
};

type RunningKeycloak = { readonly process: BackingProcess; readonly clientSecrets: Record<string, string> };

const keycloak = async (context: Context): Promise<RunningKeycloak> => {
  const external = context.environment.KEYCLOAK_URL;
  if (external) {
    const url = external.replace(/\/+$/, '');
    const clientSecrets = await useExternalKeycloak(url, context.secrets, context.environment);
    return { process: { name: 'keycloak', url, version: 'as configured' }, clientSecrets };
  }
  const { home, cache, progress, environment, secrets, ports } = context;
  await installKeycloak(cache, progress, environment);
  const plain = await readRealm();
  const start = async () =>
    startKeycloak({
      home,
      ports: { http: ports.keycloak, management: ports.management },
      installation: keycloakHome(cache),
      realm: composeRealm(plain, await readDemoPeople(), secrets),
      admin: { user: 'admin', password: secretOf(context, ADMIN_SECRET) },
      environment,
    });
  const { record, url, version } = await asTask(progress, 'Keycloak', start, {
    expectedSeconds: (await isFirstStart(home)) ? 28 : 10,
  });
  const names = confidentialClients(plain);
  return {
    process: { name: 'keycloak', url, version, pid: record.pid, log: record.log },
    clientSecrets: Object.fromEntries(names.map((name) => [name, secrets[name] ?? ''])),
  };
};

const livePorts = async (home: string): Promise<Record<string, number>> => {
  const records = await Promise.all(['postgres', 'nats', 'keycloak'].map((name) => readLive(home, name)));
  return Object.assign({}, ...records.map((each) => each?.ports ?? {}));
};

const checkNeeds = async (cache: string, environment: NodeJS.ProcessEnv): Promise<void> => {
  const ownKeycloak = !environment.KEYCLOAK_URL;
  const maven = ownKeycloak && (await keycloakNeeds(cache)).download;
  const go = !environment.NATS_URL && !(await findNats(cache));
  await checkPrerequisites({ java: ownKeycloak, maven, go }, environment);
};

const prepare = async (options: BackingOptions): Promise<Context> => {
  const { home, report: progress = silentProgress, environment = process.env } = options;
  const secretNames = [SUPERUSER_SECRET, ADMIN_SECRET, ...confidentialClients(await readRealm())];
  return {
    home,
    cache: sharedCache(environment),
    progress,
    environment,
    ports: await rememberPorts(home, PORTS, await livePorts(home)),
    secrets: await rememberSecrets(home, secretNames),
  };
};

/** Starts PostgreSQL alone, for work on migrations. `stop` ends it only if it did not run before. */
export const startDatabase = async (
  options: BackingOptions,
): Promise<{ readonly databaseUrl: string; readonly stop: () => Promise<void> }> => {
  const before = await readLive(options.home, 'postgres');
  const { url } = await postgres(await prepare(options));
  const stop = async (): Promise<void> => {
    if (!before) await stopPostgres(options.home);
  };
  return { databaseUrl: url, stop };
};

/**
 * Starts PostgreSQL, NATS with JetStream and Keycloak, or uses those that DATABASE_URL, NATS_URL and KEYCLOAK_URL name;
 * answers when all are ready. What runs already is left running, what was killed is started again, so it may be called
 * at any time. Throws a `UserError` that names what is missing on the machine, or what did not start and why.
 */
export const startBacking = async (options: BackingOptions): Promise<Backing> => {
  const { home, environment = process.env } = options;
  await checkNeeds(sharedCache(environment), environment);
  const realm = await readRealm();
  const context = await prepare(options);
  const [database, stream, identity] = await Promise.all([
    postgres(context),
    nats(context),
    keycloak(context),
  ]);
  const { url, pid } = identity.process;
  const realmPath = `/realms/${realm.realm}`;
  const admin = { user: 'admin', password: secretOf(context, ADMIN_SECRET) };
  return {
    databaseUrl: database.url,
    natsUrl: stream.process.url,
    natsSeedFiles: stream.seedFiles,
    keycloakUrl: url,
    keycloakIssuer: `${url}${realmPath}`,
    keycloakInternalUrl: `${url.replace('//localhost:', '//127.0.0.1:')}${realmPath}`,
    ...(pid === undefined ? {} : { keycloakAdmin: admin }),
    clientSecrets: identity.clientSecrets,
    processes: [database, stream.process, identity.process],
    stop: () => stopBacking(home),
  };
};

/** Stops the backing services that run in this home; does nothing for those that do not. */
export const stopBacking = async (home: string): Promise<void> => {
  await Promise.all([stopKeycloak(home), stopNats(home), stopPostgres(home)]);
};

/** Stops everything of a home and removes it with its data: for the temporary homes of tests. */
export const removeHome = async (home: string): Promise<void> => {
  await stopBacking(home);
  await removePostgresData(home);
  await rm(home, { recursive: true, force: true });
};
