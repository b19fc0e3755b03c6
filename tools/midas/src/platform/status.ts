import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backingStatus } from '../backing/status.ts';
import { type ProcessRecord, readLive } from '../process/pidfile.ts';
import { hasEntry, listServices, serviceFolder } from '../services.ts';
import { gaugeSum } from './metrics.ts';
import { askMetrics, askReadiness } from './service-process.ts';
import type { CaughtUp } from './types.ts';

/** One line of `midas status`. Ports are those of this machine; what is not known is left out. */
export type ProcessStatus = {
  readonly name: string;
  readonly kind: 'backing' | 'service';
  readonly state: 'ready' | 'not ready' | 'stopped' | 'elsewhere' | 'has no code yet';
  readonly pid?: number;
  readonly port?: number;
  readonly adminPort?: number;
  readonly version?: string;
  /** What a process says of what it stands on: `up` or `down` by name. */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Events committed and not yet in the stream. */
  readonly outboxPending?: number;
  /** Events in the stream and not yet applied. */
  readonly consumerPending?: number;
  readonly log?: string;
};

const versionOf = async (service: string): Promise<string | undefined> => {
  const text = await readFile(join(serviceFolder(service), 'package.json'), 'utf8').catch(() => '{}');
  const about: { version?: string } = JSON.parse(text);
  return about.version;
};

const OUTBOX = 'midas_outbox_pending';
const CONSUMER = 'midas_consumer_pending';
const DEAD_LETTERS = 'midas_dead_letters';

const pendingOf = (metrics: string | undefined): { outboxPending?: number; consumerPending?: number } => {
  const outbox = metrics === undefined ? undefined : gaugeSum(metrics, OUTBOX);
  const consumer = metrics === undefined ? undefined : gaugeSum(metrics, CONSUMER);
  return {
    ...(outbox === undefined ? {} : { outboxPending: outbox }),
    ...(consumer === undefined ? {} : { consumerPending: consumer }),
  };
};

const deadLettersIn = (metrics: string | undefined): number =>
  metrics === undefined ? 0 : (gaugeSum(metrics, DEAD_LETTERS) ?? 0);

const runningStatus = async (service: string, record: ProcessRecord): Promise<ProcessStatus> => {
  const port = record.ports[`${service}.main`];
  const adminPort = record.ports[`${service}.admin`] ?? 0;
  const [readiness, metrics, version] = await Promise.all([
    askReadiness(adminPort),
    askMetrics(adminPort),
    versionOf(service),
  ]);
  return {
    name: service,
    kind: 'service',
    state: readiness?.ready ? 'ready' : 'not ready',
    pid: record.pid,
    adminPort,
    log: record.log,
    ...(port === undefined ? {} : { port }),
    ...(version === undefined ? {} : { version }),
    ...(readiness ? { dependencies: readiness.dependencies } : {}),
    ...pendingOf(metrics),
  };
};

const serviceStatus = async (home: string, service: string): Promise<ProcessStatus> => {
  const record = await readLive(home, service);
  if (record) return runningStatus(service, record);
  return { name: service, kind: 'service', state: (await hasEntry(service)) ? 'stopped' : 'has no code yet' };
};

/** How every process of this home is, backing services first. Starts nothing. */
export const status = async (
  home: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<readonly ProcessStatus[]> => {
  const services = await listServices();
  const [backing, own] = await Promise.all([
    backingStatus(home, environment),
    Promise.all(services.map((service) => serviceStatus(home, service))),
  ]);
  return [...backing, ...own];
};

/** How far the services are behind what was committed, asked of each at its metrics page. */
export const caughtUp = async (home: string): Promise<CaughtUp> => {
  const services = await listServices();
  const asked = await Promise.all(
    services.map(async (service) => {
      const record = await readLive(home, service);
      const metrics = record ? await askMetrics(record.ports[`${service}.admin`] ?? 0) : undefined;
      return {
        service,
        reached: metrics !== undefined,
        deadLetters: deadLettersIn(metrics),
        ...pendingOf(metrics),
      };
    }),
  );
  const sum = (pick: (each: (typeof asked)[number]) => number | undefined): number =>
    asked.reduce((total, each) => total + (pick(each) ?? 0), 0);
  const outboxPending = sum((each) => each.outboxPending);
  const consumerPending = sum((each) => each.consumerPending);
  const deadLetters = sum((each) => each.deadLetters);
  const unreachable = asked.filter((each) => !each.reached).map((each) => each.service);
  return {
    caughtUp: outboxPending === 0 && consumerPending === 0 && unreachable.length === 0,
    outboxPending,
    consumerPending,
    deadLetters,
    unreachable,
  };
};
