import { connect, errors, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { EventLog } from './log.ts';

/** The one connection of a process to NATS. It is made in the background and comes back for as long as it is open. */
export interface NatsLink {
  readonly status: () => 'up' | 'down';
  /** Resolves with the connection while it is up; waits as long as NATS is away; rejects once the link is closed. */
  ready(): Promise<NatsConnection>;
  /** Calls `listener` each time the connection comes up. Returns how to stop. */
  onUp(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface NatsLinkOptions {
  /** Where, as whom and how: see `natsOptions`. */
  readonly connection: NodeConnectionOptions;
  readonly name: string;
  readonly log: EventLog;
}

/** Starts to connect at once and returns without waiting: a service must start while NATS is away. */
export function natsLink({ connection, name, log }: NatsLinkOptions): NatsLink {
  let live: NatsConnection | undefined;
  let closed = false;
  const listeners = new Set<() => void>();
  const connecting = new AbortController();

  const up = (established: NatsConnection): void => {
    live = established;
    log.info({ nats: 'up' }, 'connected to NATS');
    for (const listener of [...listeners]) listener();
  };
  const follow = async (established: NatsConnection): Promise<void> => {
    up(established);
    const told = new Set<string>();
    for await (const event of established.status()) {
      if (event.type === 'disconnect') {
        live = undefined;
        if (!closed) log.warn({ nats: 'down' }, 'lost NATS; commands go on, events wait');
      } else if (event.type === 'reconnect') {
        told.clear();
        up(established);
      } else if (event.type === 'error' && event.error instanceof errors.PermissionViolationError) {
        const { operation, subject } = event.error;
        // What is refused is tried again; once told is enough until the next connection.
        if (told.has(subject)) continue;
        told.add(subject);
        log.error({ operation, subject }, 'NATS does not permit this; see `midas nats permissions`');
      }
    }
    live = undefined;
  };
  const keep = async (): Promise<void> => {
    for (let failures = 0; !closed; failures++) {
      try {
        const established = await connect({
          name,
          maxReconnectAttempts: -1,
          reconnectTimeWait: 200,
          reconnectJitter: 100,
          pingInterval: 10_000,
          maxPingOut: 2,
          ignoreAuthErrorAbort: true,
          timeout: 5_000,
          ...connection,
        });
        if (closed) return await established.close();
        current = established;
        failures = 0;
        await follow(established);
      } catch (error) {
        if (failures === 0 && !closed)
          log.warn({ error }, 'NATS cannot be reached, or does not let us in; it is tried again');
        await pause(250 + Math.random() * 250, connecting.signal);
      }
    }
  };
  let current: NatsConnection | undefined;
  const kept = keep();

  const onUp: NatsLink['onUp'] = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    status: () => (live === undefined ? 'down' : 'up'),
    onUp,
    ready: () =>
      new Promise((resolve, reject) => {
        if (live !== undefined) return resolve(live);
        if (closed) return reject(new Error('the link to NATS is closed'));
        const settle = (): void => {
          stop();
          connecting.signal.removeEventListener('abort', settle);
          if (live !== undefined) resolve(live);
          else reject(new Error('the link to NATS is closed'));
        };
        const stop = onUp(settle);
        connecting.signal.addEventListener('abort', settle);
      }),
    close: async () => {
      closed = true;
      live = undefined;
      connecting.abort();
      await current?.close().catch(() => undefined);
      await kept;
    },
  };
}

/** Waits; ends early, without an error, when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
