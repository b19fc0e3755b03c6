import {
  Metadata,
  Server,
  type ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { methodsOf } from '../contract/methods.ts';
import type { Database } from '../db/types.ts';
import { type DomainError, fail } from '../errors/domain-error.ts';
import { errorTable } from '../errors/table.ts';
import { errorToGrpc } from '../errors/wire.ts';
import { meters } from '../telemetry/meters.ts';
import { currentTraceId, extract, inSpan } from '../telemetry/tracing.ts';
import type { Transport } from '../tls/index.ts';
import { type Chain, type Leaving, type Rpc, runChain } from './chain.ts';
import { answerable } from './failures.ts';
import type { Bound } from './handlers.ts';
import { carrierOf } from './headers.ts';
import { rateLimited } from './rate-limited.ts';

/** Bytes of the largest message either way. */
export const largestMessage = 4 * 1024 * 1024;
/** Milliseconds that a call may take when its caller named no deadline. */
const standardDeadline = 30_000;

/** What a server answers by. */
interface Serving<Db> extends Chain<Db> {
  readonly service: string;
  readonly transport: Pick<Transport, 'peer'>;
}

/** The gRPC server of a service, not yet listening. Throws when an RPC has no access option or no handler. */
export function makeServer<Db extends Database>(chain: Serving<Db>, services: readonly Bound<Db>[]): Server {
  const server = new Server({
    'grpc.max_receive_message_length': largestMessage,
    'grpc.max_send_message_length': largestMessage,
    // Clients over a headless service find new replicas when they connect again.
    'grpc.max_connection_age_ms': 300_000,
    'grpc.max_connection_age_grace_ms': 30_000,
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  const logRefusal = rateLimited(10, ({ rpc, error }: Refusal, suppressed: number) =>
    chain.log.warn(
      { rpc, outcome: error.slug, error: error.cause, suppressed },
      'refused a call of an unknown caller',
    ),
  );
  const refused = (refusal: Refusal): void => {
    meters.callsRefused({ service: chain.service, reason: refusal.error.slug });
    logRefusal(refusal);
  };
  for (const service of services) {
    const definitions: Record<string, object> = {};
    const handlers: Record<string, Handler> = {};
    for (const rpc of rpcsOf(service)) {
      definitions[rpc.method.name] = {
        path: rpc.method.path,
        requestStream: false,
        responseStream: false,
        // The chain checks the bytes as received before anything decodes them.
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      };
      handlers[rpc.method.name] = handler(chain, rpc, (error) => refused({ rpc: rpc.method.path, error }));
    }
    server.addService(definitions as Parameters<Server['addService']>[0], handlers);
  }
  return server;
}

interface Refusal {
  readonly rpc: string;
  readonly error: DomainError;
}

type Handler = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void;

const same = (bytes: Buffer): Buffer => bytes;

/** Binds the server to `host:port` (port 0: a free one) and resolves with the address. */
export function listen(
  server: Server,
  host: string,
  port: number,
  credentials: ServerCredentials,
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, credentials, (error, bound) => {
      if (error === null) resolve(`${host}:${bound}`);
      else reject(error);
    });
  });
}

/** Takes no new calls and resolves when those under way are done, at the latest after `ms` milliseconds. */
export function shutdown(server: Server, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, ms);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}

function rpcsOf<Db>({ typeName, methods }: Bound<Db>): readonly Rpc<Db>[] {
  return methodsOf(typeName).map((method) => {
    const bound = methods.find(({ definition }) => definition.path === method.path);
    if (bound === undefined) throw new Error(`The RPC ${method.path} has no handler.`);
    if (method.streaming !== 'unary')
      throw new Error(`The RPC ${method.path} streams, which is not built yet.`);
    if (method.changing && bound.handler.kind === 'query') {
      throw new Error(`The RPC ${method.path} changes something and is bound to a query.`);
    }
    return { method, ...bound };
  });
}

function handler<Db extends Database>(
  chain: Serving<Db>,
  rpc: Rpc<Db>,
  onUnknownCaller: (error: DomainError) => void,
): Handler {
  const { path } = rpc.method;
  const [, service = '', method = ''] = path.split('/');
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
  return (call, done) => {
    const began = performance.now();
    const parent = extract(carrierOf(call.metadata));
    const work = async (): Promise<void> => {
      const traceId = currentTraceId();
      try {
        const leaving = await arrive(chain, rpc, call, onUnknownCaller);
        finish('OK', began);
        succeed(call, done, leaving);
      } catch (error) {
        const refusal = answerable(error, traceId);
        finish(status[errorTable[refusal.kind].grpc], began);
        if (refusal.kind === 'internal')
          chain.log.error({ rpc: path, error: refusal.cause }, 'an RPC failed');
        else if (refusal.kind === 'unavailable')
          chain.log.warn({ rpc: path, error: refusal }, 'an RPC could not be answered');
        done(errorToGrpc(refusal, traceId));
        throw refusal;
      }
    };
    // The failure has been answered; the rejection only marks the span.
    inSpan(path.slice(1), 'server', attributes, work, { parent }).catch(() => undefined);
  };

  function finish(code: string, began: number): void {
    meters.rpcServerDuration((performance.now() - began) / 1000, {
      service: chain.service,
      rpc: path.slice(1),
      code,
    });
  }
}

async function arrive<Db extends Database>(
  chain: Serving<Db>,
  rpc: Rpc<Db>,
  call: ServerUnaryCall<Buffer, Buffer>,
  onUnknownCaller: (error: DomainError) => void,
): Promise<Leaving> {
  const gone = new AbortController();
  let isSettled = false;
  // grpc-js also says so when a call that was answered closes.
  call.on('cancelled', () => {
    if (!isSettled) gone.abort();
  });
  if (call.cancelled) fail('timeout', 'timeout', 'The call took too long. Try again later.');
  const { request: raw, metadata } = call;
  const certified = chain.transport.peer(call);
  const arriving = {
    raw,
    metadata,
    certified,
    deadline: deadlineOf(call),
    signal: gone.signal,
    onUnknownCaller,
  };
  return runChain(chain, rpc, arriving).finally(() => {
    isSettled = true;
  });
}

function deadlineOf(call: ServerUnaryCall<Buffer, Buffer>): number {
  const given = Number(call.getDeadline());
  return Number.isFinite(given) ? given : Date.now() + standardDeadline;
}

function succeed(
  call: ServerUnaryCall<Buffer, Buffer>,
  done: sendUnaryData<Buffer>,
  { bytes, etag }: Leaving,
): void {
  if (etag !== undefined) {
    const metadata = new Metadata();
    metadata.set('etag', etag);
    call.sendMetadata(metadata);
  }
  done(null, bytes);
}
