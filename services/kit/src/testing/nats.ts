import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ensureStream } from '../events/stream.ts';
import { suiteVariable } from './env.ts';
import { waitFor } from './wait.ts';

export interface TestNats extends AsyncDisposable {
  readonly url: string;
  /** Ends the server; what was stored stays. `SIGKILL` is a crash. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port with what was stored. */
  start(): Promise<void>;
}

/** A NATS server of the test's own, with JetStream and the platform's stream, on a free port. */
export async function testNats(): Promise<TestNats> {
  const binary = suiteVariable('MIDAS_TEST_NATS_SERVER');
  const store = await mkdtemp(join(tmpdir(), 'midas-nats-'));
  const port = await freePort();
  const url = `nats://127.0.0.1:${port}`;
  let server: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const args = ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', store];
    server = spawn(binary, args, { stdio: 'ignore' });
    await waitFor(
      async () => {
        const connection = await connect({ servers: url, reconnect: false, timeout: 1_000 });
        try {
          await ensureStream(await jetstreamManager(connection));
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
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGKILL');
      await rm(store, { recursive: true, force: true });
    },
  };
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
