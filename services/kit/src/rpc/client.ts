import { Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { type MethodContract, methodsOf } from '../contract/methods.ts';
import { DomainError } from '../errors/domain-error.ts';
import { errorFromGrpc } from '../errors/wire.ts';
import type { Caller } from '../identity/caller.ts';
import type { ServiceTokens } from '../identity/service-tokens.ts';
import { inject, inSpan } from '../telemetry/tracing.ts';
import type { Transport } from '../tls/index.ts';
import { largestMessage } from './server.ts';
import type { Call, MethodDefinition, RequestOf, ResponseOf, ServiceDefinition } from './types.ts';

export interface RemoteCall {
  /** The call in which this one is made: its user, purpose and deadline go along. */
  readonly call?: Call;
  /** The user to ask for when the answer serves more than one call. */
  readonly user?: Caller;
  /** Milliseconds; 5,000 when left out, never beyond the deadline of `call`. */
  readonly timeoutMs?: number;
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
}

/** The RPCs of another service as promises. Errors are `DomainError`s; `unavailable` when the peer is down. */
export type Remote<S extends ServiceDefinition> = {
  readonly [Name in keyof S]: (
    request: RequestOf<S[Name]>,
    options?: RemoteCall,
  ) => Promise<ResponseOf<S[Name]>>;
} & { readonly close: () => void };

export interface RemoteOptions {
  /** Name of the service that answers: the audience of the credential. */
  readonly callee: string;
  /** `host:port`; a name with several addresses is balanced over them. */
  readonly address: string;
  readonly tokens: ServiceTokens;
  /** How this process speaks gRPC. */
  readonly transport: Pick<Transport, 'to'>;
}

const standardTimeout = 5_000;
/** Pauses before the second and third try, in milliseconds. */
const pauses = [50, 200];

/** A client of another service. Connects at its first call. */
export function remote<S extends ServiceDefinition>(definition: S, options: RemoteOptions): Remote<S> {
  const { address, callee } = options;
  const channel = options.transport.to(callee);
  const client = new Client(address.includes('://') ? address : `dns:///${address}`, channel.credentials, {
    ...channel.options,
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
    'grpc.max_receive_message_length': largestMessage,
    'grpc.max_send_message_length': largestMessage,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.initial_reconnect_backoff_ms': 100,
    // A peer that comes back is found within seconds, not after the standard two minutes.
    'grpc.max_reconnect_backoff_ms': 2_000,
  });
  const contracts = contractsOf(definition);
  const methods = Object.fromEntries(
    Object.entries(definition).map(([name, method]) => {
      const isRepeatable = repeatable(contracts.get(method.path));
      return [
        name,
        (request: object, call: RemoteCall = {}) =>
          invoke(client, options, method, isRepeatable, request, call),
      ];
    }),
  );
  return { ...methods, close: () => client.close() } as Remote<S>;
}

function contractsOf(definition: ServiceDefinition): ReadonlyMap<string, MethodContract> {
  const typeName = Object.values(definition)[0]?.path.split('/')[1] ?? '';
  return new Map(methodsOf(typeName).map((method) => [method.path, method]));
}

// Internal RPCs have no verb; by the naming rules of the contract Get… and List… only read.
function repeatable(method: MethodContract | undefined): boolean {
  if (method === undefined || method.changing) return false;
  return method.http?.verb === 'GET' || /^(Get|List)/.test(method.name);
}

async function invoke(
  client: Client,
  { callee, tokens }: RemoteOptions,
  method: MethodDefinition,
  isRepeatable: boolean,
  request: object,
  options: RemoteCall,
): Promise<object> {
  const [, service = '', name = ''] = method.path.split('/');
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': name };
  const deadline = Math.min(
    Date.now() + (options.timeoutMs ?? standardTimeout),
    options.call?.deadline ?? Infinity,
  );
  return inSpan(method.path.slice(1), 'client', attributes, async () => {
    for (let attempt = 0; ; attempt++) {
      try {
        const metadata = metadataFor(await tokens(callee), options);
        return await once(client, method, request, metadata, deadline, options.call?.signal);
      } catch (error) {
        const failure = error instanceof DomainError ? error : errorFromGrpc(error as ServiceError);
        const pause = pauses[attempt];
        const again = isRepeatable && failure.kind === 'unavailable' && pause !== undefined;
        if (!again || Date.now() + pause >= deadline) throw failure;
        // Spread, so that callers of a restarting peer do not come back all at once.
        await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
      }
    }
  });
}

function metadataFor(token: string, { call, user, idempotencyKey, ifMatch }: RemoteCall): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const asking = user ?? call?.caller.actingFor ?? call?.caller;
  if (asking?.token !== undefined) metadata.set('x-user-authorization', `Bearer ${asking.token}`);
  if (asking !== undefined && asking.purpose !== '') metadata.set('x-purpose', asking.purpose);
  if (idempotencyKey !== undefined) metadata.set('idempotency-key', idempotencyKey);
  if (ifMatch !== undefined) metadata.set('if-match', ifMatch);
  for (const [name, value] of Object.entries(inject({}))) metadata.set(name, value);
  return metadata;
}

function once(
  client: Client,
  method: MethodDefinition,
  request: object,
  metadata: Metadata,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<object> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      method.path,
      // `Remote` ties the request to the definition that serialises it.
      method.requestSerialize as (request: object) => Buffer,
      method.responseDeserialize,
      request,
      metadata,
      { deadline },
      (error, response) => {
        signal?.removeEventListener('abort', cancel);
        if (error !== null) reject(error);
        else if (response === undefined)
          reject(new DomainError('internal', 'internal', 'The answer was empty.'));
        else resolve(response);
      },
    );
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}
