import type { PrismaPg } from '@prisma/adapter-pg';
import type { Policy } from './access/policy.ts';
import { sealing } from './audit/index.ts';
import type { ServiceConfig } from './config/config.ts';
import { liveKeyRing } from './config/live-key-ring.ts';
import { contractRoles } from './contract/roles.ts';
import {
  auditWriter,
  blindIndex,
  type Database,
  databaseAdapter,
  digest,
  type KeyedDigest,
  lastingDigest,
  newId,
  type OutboxRow,
  pages,
  pseudonym,
  type Sealer,
  sealer,
  type Tx,
  transact,
} from './db/index.ts';
import {
  type Consumers,
  consumers,
  type EventUnit,
  natsLink,
  natsOptions,
  observeOutbox,
  outboxRow,
  relay,
  requireHeard,
  type Subscription,
} from './events/index.ts';
import { adminServer } from './health/admin.ts';
import { type Dependency, health } from './health/checks.ts';
import { addGrpcHealth } from './health/grpc-health.ts';
import { identityCheck } from './health/identity-check.ts';
import { realmVerifiers } from './identity/realm-verifiers.ts';
import { serviceTokens } from './identity/service-tokens.ts';
import { type Logger, logger } from './log/logger.ts';
import type { KeyedIndex } from './rotation/keyed-index.ts';
import { rotation } from './rotation/rotation.ts';
import { type Remote, remote } from './rpc/client.ts';
import type { Bound } from './rpc/handlers.ts';
import { listen, makeServer, shutdown } from './rpc/server.ts';
import type { ServiceDefinition } from './rpc/types.ts';
import { observeProcess } from './telemetry/process-meters.ts';
import { currentTraceId } from './telemetry/tracing.ts';
import { type Transport, transport } from './tls/index.ts';

/** What the parts of a service are made of. */
export interface Deps<Db, Config = ServiceConfig> {
  readonly db: Db;
  readonly sealer: Sealer;
  readonly blindIndex: KeyedDigest;
  readonly pseudonym: KeyedDigest;
  /** A client of another service, at `<CALLEE>_ADDRESS`; one a callee and definition. */
  readonly remote: <S extends ServiceDefinition>(definition: S, callee: string) => Remote<S>;
  readonly log: Logger;
  readonly newId: () => string;
  readonly now: () => Date;
  readonly config: Config;
  /** A transaction of background work: rows and events stand or fall together. Tried again like a command. */
  readonly transaction: <T>(work: (unit: WorkUnit<Db>) => Promise<T>) => Promise<T>;
}

/** The transaction of background work. */
export type WorkUnit<Db> = Pick<EventUnit<Db>, 'db' | 'publish' | 'now'>;

/** Work that goes on beside the calls, until `signal` aborts. */
export interface Background {
  readonly name: string;
  readonly start: (signal: AbortSignal) => Promise<void> | void;
  /** The service is not ready before this work is done; it is named in `/readyz` until then. */
  readonly beforeReady?: boolean;
}

export interface RunOptions<Db extends Database, Config extends ServiceConfig> {
  readonly name: string;
  readonly config: Config;
  /** Makes the service's Prisma client on kit's adapter. */
  readonly prisma: (adapter: PrismaPg) => Db;
  readonly policy: Policy | ((deps: Deps<Db, Config>) => Policy);
  readonly services: (deps: Deps<Db, Config>) => readonly Bound<Db>[];
  readonly subscriptions?: (deps: Deps<Db, Config>) => readonly Subscription<Db>[];
  readonly background?: (deps: Deps<Db, Config>) => readonly Background[];
  /** Blind indexes, which follow the key that makes them. */
  readonly indexes?: (deps: Deps<Db, Config>) => readonly KeyedIndex<Db>[];
  readonly now?: () => Date;
}

export interface Running {
  /** `host:port` of the gRPC server. */
  readonly address: string;
  /** `host:port` of `/livez`, `/readyz` and `/metrics`. */
  readonly adminAddress: string;
  /** Takes no new work, finishes what is under way (at most 10 s of calls) and closes everything. */
  readonly drain: () => Promise<void>;
}

const graceMs = 10_000;

/**
 * Runs one service: gRPC server with the chain, outbox relay, consumers, background work, health. It starts while its
 * dependencies are away and says so in `/readyz`. Throws when an RPC has no access option or no handler.
 */
export async function runService<Db extends Database, Config extends ServiceConfig>(
  options: RunOptions<Db, Config>,
): Promise<Running> {
  const { name, config, now = () => new Date() } = options;
  const log = logger({ name, level: config.LOG_LEVEL, traceId: currentTraceId });
  const keyRing = liveKeyRing({ text: config.KEY_RING, file: config.KEY_RING_FILE }, { log });
  const columns = sealer({ keyRing });
  const db = options.prisma(databaseAdapter(config.DATABASE_URL, { max: config.DATABASE_POOL_SIZE, name }));
  const realm = config.KEYCLOAK_INTERNAL_URL.replace(/\/$/, '');
  const jwksUrl = `${realm}/protocol/openid-connect/certs`;
  const wire = transport(config, { log });
  const peers = peerClients(config, name, realm, wire);
  const deps: Deps<Db, Config> = {
    db,
    sealer: columns,
    blindIndex: blindIndex(keyRing),
    pseudonym: pseudonym(keyRing),
    remote: peers.remote,
    log,
    newId,
    now,
    config,
    transaction: (work) => inTransaction(db, now, work),
  };

  const subscriptions = options.subscriptions?.(deps) ?? [];
  requireHeard(name, subscriptions);
  const link = natsLink({ connection: natsOptions(config, name), name, log });
  const consuming = consumers({ service: name, db, link, subscriptions, log, newId, now });
  const relaying = relay({ service: name, databaseUrl: config.DATABASE_URL, link, log, db });
  const audit = auditWriter(db);
  const trail = sealing({
    service: name,
    db,
    log,
    everyMs: config.AUDIT_SEAL_SECONDS * 1000,
    headsFile: config.AUDIT_HEADS_FILE,
  });
  const indexes = options.indexes?.(deps) ?? [];
  const rotating = rotation({ db, keyRing, sealer: columns, indexes, log });
  const tasks = (options.background?.(deps) ?? []).map((task) => ({ ...task, isDone: false }));
  const state = health([
    { name: 'database', isVital: true, check: async () => void (await db.$queryRawUnsafe('SELECT 1')) },
    { name: 'nats', isVital: false, check: async () => expectUp(link.status()), holdsMs: 0 },
    ...(subscriptions.length === 0 ? [] : [consumerCheck(consuming)]),
    identityCheck(jwksUrl),
    ...tasks.filter(({ beforeReady }) => beforeReady).map(doneCheck),
  ]);

  const bound = options.services(deps);
  const server = makeServer(
    {
      service: name,
      transport: wire,
      authentication: {
        callee: name,
        ...realmVerifiers(name, config),
      },
      roles: contractRoles(),
      policy: typeof options.policy === 'function' ? options.policy(deps) : options.policy,
      db,
      audit,
      digest: lastingDigest(keyRing),
      etags: digest(keyRing),
      pages: pages({ keyRing }),
      log,
      newId,
      now,
    },
    bound,
  );
  const stopHealth = addGrpcHealth(
    server,
    bound.map(({ typeName }) => typeName),
    state,
  );
  const stopping = new AbortController();
  const stopObserving = [observeProcess(name), observeOutbox(name, db)];

  const address = await listen(server, config.LISTEN_HOST, config.GRPC_PORT, wire.server());
  const admin = await adminServer({ host: config.LISTEN_HOST, port: config.ADMIN_PORT, health: state });
  relaying.start();
  consuming.start();
  trail.start();
  rotating.start();
  for (const task of tasks) {
    runInBackground(log, task.name, async () => {
      await task.start(stopping.signal);
      task.isDone = true;
    });
  }
  if (config.AUDIT_HEADS_FILE === undefined && ['warn', 'error'].includes(config.LOG_LEVEL)) {
    log.warn(
      {},
      'the audit trail has no copy outside the database: log at level info or set AUDIT_HEADS_FILE',
    );
  }
  log.info({ grpc: address, admin: admin.address }, 'started');

  const drain = async (): Promise<void> => {
    log.info({}, 'draining');
    state.drain();
    stopHealth();
    stopping.abort();
    await Promise.all([shutdown(server, graceMs), consuming.drain()]);
    await audit.close();
    await Promise.all([trail.drain(), rotating.drain()]);
    keyRing.close();
    await relaying.drain();
    peers.close();
    await link.close();
    for (const stop of stopObserving) stop();
    await db.$disconnect();
    await admin.close();
    log.info({}, 'stopped');
  };
  let draining: Promise<void> | undefined;
  return {
    address,
    adminAddress: admin.address,
    drain: () => {
      draining ??= drain();
      return draining;
    },
  };
}

function runInBackground(log: Logger, task: string, start: () => Promise<void>): void {
  start().catch((error: unknown) => log.error({ error, task }, 'background work failed'));
}

function doneCheck(task: { readonly name: string; readonly isDone: boolean }): Dependency {
  return {
    name: task.name,
    isVital: true,
    holdsMs: 0,
    check: async () => {
      if (!task.isDone) throw new Error('not done yet');
    },
  };
}

function inTransaction<Db extends Database, T>(
  db: Db,
  now: () => Date,
  work: (unit: WorkUnit<Db>) => Promise<T>,
): Promise<T> {
  return transact(db, async (tx: Tx<Db>) => {
    const events: OutboxRow[] = [];
    const at = now();
    const value = await work({
      db: tx,
      now: at,
      publish: (codec, message, aggregate, occurredAt = at) => {
        events.push(outboxRow(codec, message, aggregate, occurredAt, newId));
      },
    });
    return { value, effects: { events } };
  });
}

interface Peers {
  readonly remote: Deps<never>['remote'];
  readonly close: () => void;
}

function peerClients(config: ServiceConfig, name: string, realm: string, wire: Transport): Peers {
  const tokens = serviceTokens({
    tokenUrl: `${realm}/protocol/openid-connect/token`,
    clientId: `service-${name}`,
    secret: config.SERVICE_CLIENT_SECRET,
  });
  const open: { readonly close: () => void }[] = [];
  return {
    remote: (definition, callee) => {
      const variable = `${callee.toUpperCase().replaceAll('-', '_')}_ADDRESS` as const;
      const address = config[variable];
      if (!address) throw new Error(`${variable} is not set, and ${name} calls ${callee}.`);
      const client = remote(definition, { callee, address, tokens, transport: wire });
      open.push(client);
      return client;
    },
    close: () => {
      for (const client of open) client.close();
    },
  };
}

// Calls are answered while events wait; that they wait is to be seen.
function consumerCheck({ status }: Consumers): Dependency {
  return {
    name: 'consumer',
    isVital: false,
    holdsMs: 0,
    check: async () => {
      if (status() !== 'consuming') throw new Error('not consuming');
    },
  };
}

function expectUp(state: 'up' | 'down'): void {
  if (state === 'down') throw new Error('The connection is down.');
}
