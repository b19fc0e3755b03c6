import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection, nkeys } from '@nats-io/transport-node';
import type { OutboxRow } from '../db/types.ts';
import { messageHeaders } from '../events/headers.ts';
import { natsOptions } from '../events/nats-options.ts';
import { applyDurable, applyStream } from '../events/stream.ts';
import { natsAccounts, type StreamUser, streamAdmin, streamUsers } from '../events/stream-users.ts';
import type { installCertificate } from './certificates.ts';
import { suiteVariable } from './env.ts';
import { waitFor } from './wait.ts';

type CertificateVariables = ReturnType<typeof installCertificate>;

export interface TestNats extends AsyncDisposable {
  readonly url: string;
  /** Folder of what it stores. */
  readonly store: string;
  /** What a process of this service is told to connect as it. */
  environment(service: string): Readonly<Record<'NATS_URL' | 'NATS_NKEY_SEED', string>>;
  /** Connects as a service, or as the administrator; for as long as the test likes. */
  connect(user?: string): Promise<NatsConnection>;
  /** Puts events on the stream behind the relay's back, as the administrator. */
  publish(rows: readonly OutboxRow[]): Promise<void>;
  /** Ends the server; what was stored stays. `SIGKILL` is a crash. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port with what was stored. */
  start(): Promise<void>;
}

/** The user of kit's own tests: it publishes what any service does, and hears what a test subscribes it to. */
export const testUser = 'kit';

function usersOfTests(): readonly StreamUser[] {
  const users = streamUsers();
  const all = users.flatMap(({ publishes }) => publishes);
  return [...users, { name: testUser, publishes: all, hears: all }];
}

/**
 * A NATS server of the test's own, on a free port, with JetStream, the platform's stream and its durable consumers, and
 * the users and permissions that the services have anywhere. With a certificate it speaks mutual TLS only, as `localhost`.
 */
export async function testNats(tls?: CertificateVariables): Promise<TestNats> {
  const binary = suiteVariable('MIDAS_TEST_NATS_SERVER');
  const store = await mkdtemp(join(tmpdir(), 'midas-nats-'));
  const port = await freePort();
  const url = tls === undefined ? `nats://127.0.0.1:${port}` : `tls://localhost:${port}`;
  const users = usersOfTests();
  const keys = new Map(
    [streamAdmin, ...users.map(({ name }) => name)].map((name) => [name, nkeys.createUser()] as const),
  );
  const keyOf = (user: string): nkeys.KeyPair => {
    const key = keys.get(user);
    if (key === undefined) throw new Error(`NATS knows no user ${user}`);
    return key;
  };
  const environment = (user: string) => ({
    NATS_URL: url,
    NATS_NKEY_SEED: new TextDecoder().decode(keyOf(user).getSeed()),
  });
  const settings = join(store, 'server.conf');
  await writeFile(
    settings,
    JSON.stringify({
      accounts: natsAccounts(users, (user) => ({ nkey: keyOf(user).getPublicKey() })),
      ...(tls === undefined ? {} : { tls: serverTls(tls) }),
    }),
    { mode: 0o600 },
  );
  const connectAs = (user = streamAdmin): Promise<NatsConnection> =>
    connect({ ...natsOptions({ ...environment(user), ...tls }, user), reconnect: false, timeout: 20_000 });
  let server: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const at = ['--addr', '127.0.0.1', '--port', String(port)];
    const args = ['--config', settings, ...at, '--jetstream', '--store_dir', store];
    server = spawn(binary, args, { stdio: 'ignore' });
    await waitFor(
      async () => {
        const connection = await connectAs();
        try {
          const manager = await jetstreamManager(connection);
          await applyStream(manager);
          for (const { name, hears } of streamUsers())
            if (hears.length > 0) await applyDurable(manager, name, hears);
        } finally {
          await connection.close();
        }
        return true;
      },
      { what: 'the NATS server', timeoutMs: 20_000 },
    );
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    await ended;
  };
  await start();
  return {
    url,
    store,
    environment,
    connect: connectAs,
    publish: async (rows) => {
      const connection = await connectAs();
      await publishAll(connection, rows);
      await connection.close();
    },
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGKILL');
      await rm(store, { recursive: true, force: true });
    },
  };
}

function serverTls({ TLS_CERT_FILE, TLS_KEY_FILE, TLS_CA_FILE }: CertificateVariables) {
  return { cert_file: TLS_CERT_FILE, key_file: TLS_KEY_FILE, ca_file: TLS_CA_FILE, verify: true };
}

async function publishAll(connection: NatsConnection, rows: readonly OutboxRow[]): Promise<void> {
  for (const row of rows) {
    const sent = headers();
    for (const [name, value] of Object.entries(messageHeaders(row))) sent.set(name, value);
    connection.publish(row.subject, row.payload, { headers: sent });
  }
  await connection.flush();
}

// Below the ports that systems give to outgoing connections, which could take one before it is listened on.
const lowestPort = 12_000;
const highestPort = 32_000;

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowestPort, highestPort);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
