import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  freePort,
  type TestDatabase,
  type TestNats,
  testDatabase,
  testNats,
  testServiceEnvironment,
  waitFor,
} from '@midas/kit/testing';

const root = join(import.meta.dirname, '..', '..');
// What Node made of the sources, kept between starts: seven processes compile the same kit.
const compiled = join(root, 'node_modules/.cache/midas-compiled');
export const services = [
  'referral',
  'risk',
  'case',
  'health-access',
  'perpetrator-programme',
  'outcomes',
] as const;
export type ServiceName = (typeof services)[number];
export type ProcessName = ServiceName | 'gateway';

/** One process of the platform, as a test sees it. */
export interface PlatformProcess {
  readonly name: ProcessName;
  /** `host:port` of its gRPC or HTTP server. */
  readonly address: string;
  readonly adminUrl: string;
  /** Where it has its keys from, and follows. */
  readonly keyRingFile: string;
  /** Everything it wrote to its log since the platform began. */
  log(): string;
  /** Starts it and waits until it is ready; `environment` is added for this start. */
  start(environment?: Readonly<Record<string, string>>): Promise<void>;
  /** Ends it; `SIGKILL` is a crash. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface Platform extends AsyncDisposable {
  readonly gatewayUrl: string;
  readonly processes: Readonly<Record<ProcessName, PlatformProcess>>;
  readonly databases: Readonly<Record<ServiceName, TestDatabase>>;
  readonly nats: TestNats;
}

type Environment = Readonly<Record<string, string>>;

const addressName = (name: string): string => `${name.toUpperCase().replaceAll('-', '_')}_ADDRESS`;

/**
 * The whole platform as processes of its own: seven processes, six databases, one NATS server, on free ports.
 * `environment` is added to every process, or each gets its own; of the processes only those `started` run at first.
 */
export async function testPlatform(
  environment: Environment | ((name: ProcessName) => Environment) = {},
  started: readonly ProcessName[] = [...services, 'gateway'],
  startNats: () => Promise<TestNats> = testNats,
): Promise<Platform> {
  await using undo = new AsyncDisposableStack();
  const nats = undo.use(await startNats());
  const names: readonly ProcessName[] = [...services, 'gateway'];
  const ports = await Promise.all(
    names.map(async (name) => [name, await freePort(), await freePort()] as const),
  );
  const databases = Object.fromEntries(
    await Promise.all(services.map(async (name) => [name, undo.use(await testDatabase(name))] as const)),
  ) as Record<ServiceName, TestDatabase>;
  const addresses = Object.fromEntries(ports.map(([name, port]) => [addressName(name), `127.0.0.1:${port}`]));
  const processes = Object.fromEntries(
    ports.map(([name, port, adminPort]) => {
      const own = {
        ...addresses,
        ADMIN_PORT: String(adminPort),
        LOG_LEVEL: 'info',
        ...(name === 'gateway'
          ? { HTTP_PORT: String(port), RATE_LIMIT_PER_MINUTE: '1000000' }
          : { GRPC_PORT: String(port), DATABASE_URL: databases[name].url, ...nats.environment(name) }),
        ...(typeof environment === 'function' ? environment(name) : environment),
      };
      const process = platformProcess(name, `127.0.0.1:${port}`, `http://127.0.0.1:${adminPort}`, () =>
        testServiceEnvironment(name, own),
      );
      undo.defer(() => process.stop('SIGKILL'));
      return [name, process];
    }),
  ) as Record<ProcessName, PlatformProcess>;
  await Promise.all(started.map((name) => processes[name].start()));
  const stack = undo.move();
  return {
    gatewayUrl: `http://${processes.gateway.address}`,
    processes,
    databases,
    nats,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function platformProcess(
  name: ProcessName,
  address: string,
  adminUrl: string,
  environment: () => Readonly<Record<string, string>>,
): PlatformProcess {
  // The same key ring whenever it starts: what it sealed before, it opens again.
  const own = environment();
  let child: ChildProcess | undefined;
  let log = '';
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    await ended;
  };
  return {
    name,
    address,
    adminUrl,
    keyRingFile: own.KEY_RING_FILE ?? '',
    log: () => log,
    stop,
    start: async (more = {}) => {
      const started = spawn(process.execPath, [join(root, 'services', name, 'src/main.ts')], {
        env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compiled, ...own, ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      for (const stream of [started.stdout, started.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          log += text;
        });
      }
      await waitFor(
        async () => {
          if (started.exitCode !== null) return 'ended';
          return (await fetch(`${adminUrl}/readyz`)).ok ? 'ready' : undefined;
        },
        { what: `${name} to be ready`, timeoutMs: 170_000 },
      ).catch((cause: unknown) => {
        throw new Error(`${name} is not ready; its log:\n${log}`, { cause });
      });
      if (started.exitCode !== null) throw new Error(`${name} ended with ${started.exitCode}: ${log}`);
    },
  };
}
