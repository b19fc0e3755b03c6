import { join } from 'node:path';
import { type Backing, startBacking } from '../backing/index.ts';
import { calleesOf, type Realm, readRealm } from '../backing/realm.ts';
import { applyAll, type RolePasswords } from '../migrate/index.ts';
import { withLock } from '../process/lock.ts';
import { asTask, type Progress, silentProgress } from '../progress/index.ts';
import { applicationRole, GATEWAY, hasEntry, listDatabases, listServices } from '../services.ts';
import { processEnvironment, type ServicePorts } from './environment.ts';
import { headsFileOf } from './heads-file.ts';
import { choosePorts } from './ports.ts';
import { ensureKeyRing, rolePasswords, writeClientSecret } from './secrets.ts';
import { startService } from './service-process.ts';
import { applyNats } from './stream.ts';

export type UpOptions = {
  readonly home: string;
  readonly progress?: Progress;
  /** Where the gateway listens; 8080 when free. */
  readonly gatewayPort?: number;
  readonly environment?: NodeJS.ProcessEnv;
  /** Only these services; all when left out. */
  readonly only?: readonly string[];
};

/** The whole platform, running and ready. */
export type Platform = {
  readonly home: string;
  readonly gatewayUrl: string;
  /** True when the gateway's wanted port was taken and another was chosen. */
  readonly gatewayMoved: boolean;
  readonly backing: Backing;
  /** Addresses by service. */
  readonly ports: ServicePorts;
  /** Services that have no entry yet and were left out. */
  readonly missing: readonly string[];
};

type Wiring = {
  readonly home: string;
  readonly backing: Backing;
  readonly realm: Realm;
  readonly ports: ServicePorts;
  readonly databases: readonly string[];
  readonly passwords: RolePasswords;
  readonly outer: NodeJS.ProcessEnv;
};

const startOne = async (wiring: Wiring, service: string): Promise<void> => {
  const { home, backing, realm, ports, databases, passwords, outer } = wiring;
  const own = ports[service];
  if (!own) return;
  const secret = backing.clientSecrets[`service-${service}`] ?? '';
  const environment = processEnvironment({
    service,
    backing,
    ports,
    callees: calleesOf(realm, service),
    keepsDatabase: databases.includes(service),
    databasePassword: passwords[applicationRole(service)] ?? '',
    keyRingFile: await ensureKeyRing(home, service),
    clientSecretFile: await writeClientSecret(home, service, secret),
    auditHeadsFile: headsFileOf(home),
    compileCache: join(home, 'compiled'),
    outer,
  });
  await startService({ home, service, ports: own, environment });
};

const startServices = (wiring: Wiring, services: readonly string[], progress: Progress): Promise<void> =>
  asTask(
    progress,
    'Services',
    async (task) => {
      const starting = services.map(async (service) => {
        await startOne(wiring, service);
        task.advance(1, service);
      });
      // All are waited for, so that nothing is still being started when an error is shown.
      const failed = (await Promise.allSettled(starting)).find((each) => each.status === 'rejected');
      if (failed) throw failed.reason;
    },
    { total: services.length },
  );

const migrate = async (backing: Backing, passwords: RolePasswords, progress: Progress): Promise<void> => {
  await asTask(progress, 'Databases', async () => {
    await applyAll({ databaseUrl: backing.databaseUrl, passwords });
  });
};

const start = async (options: UpOptions): Promise<Platform> => {
  const { home, progress = silentProgress, environment: outer = process.env } = options;
  const [services, databases, realm] = await Promise.all([listServices(), listDatabases(), readRealm()]);
  const backing = await startBacking({ home, report: progress, environment: outer });
  const passwords = await rolePasswords(home, databases);
  await Promise.all([
    migrate(backing, passwords, progress),
    asTask(progress, 'Stream', () =>
      applyNats({ url: backing.natsUrl, seedFiles: backing.natsSeedFiles, environment: outer }),
    ),
  ]);
  const ready = await Promise.all(services.map(hasEntry));
  const entries = services.filter((_, index) => ready[index]);
  const { ports, gatewayMoved } = await choosePorts(home, services, options.gatewayPort);
  const wanted = options.only ? entries.filter((service) => options.only?.includes(service)) : entries;
  await startServices({ home, backing, realm, ports, databases, passwords, outer }, wanted, progress);
  return {
    home,
    gatewayUrl: `http://localhost:${ports[GATEWAY]?.main ?? 0}`,
    gatewayMoved,
    backing,
    ports,
    missing: services.filter((service) => !entries.includes(service)),
  };
};

/**
 * Starts everything that does not run yet: backing services, databases with their migrations, the stream and the
 * processes; answers when every process says that it is ready. Safe to run at any time. Throws a `UserError` that says
 * what is missing or did not start, with the end of its log.
 */
export const up = (options: UpOptions): Promise<Platform> => withLock(options.home, () => start(options));
