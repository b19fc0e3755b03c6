import { randomUUID } from 'node:crypto';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { errorFromGrpc } from '../errors/index.ts';
import type { MethodDefinition, RequestOf, ResponseOf, ServiceDefinition } from '../rpc/types.ts';
import { testServiceToken, testToken } from './tokens.ts';

/** Who calls: a demo user by way of the gateway, a service as itself, or nobody. */
export type TestCaller = string | { readonly service: string } | { readonly userToken: string } | 'nobody';

export interface TestCall {
  /** Metadata besides the credentials; an idempotency key is made for every call that names none. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Is given the response's metadata, e.g. `etag`, before the promise resolves. */
  readonly received?: (headers: Readonly<Record<string, string>>) => void;
}

export type TestClient<S extends ServiceDefinition> = {
  readonly [Name in keyof S]: (request: RequestOf<S[Name]>, call?: TestCall) => Promise<ResponseOf<S[Name]>>;
} & Disposable;

/**
 * The RPCs of a running service as promises, called with real tokens. Errors are `DomainError`s. The names of the
 * caller that is the gateway and of the callee follow from the definition.
 */
export function serviceClient<S extends ServiceDefinition>(
  definition: S,
  address: string,
  { as }: { readonly as: TestCaller },
): TestClient<S> {
  const client = new Client(address, credentials.createInsecure());
  const methods = Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [
      name,
      async (request: object, call: TestCall = {}) => {
        const metadata = await metadataFor(as, calleeOf(method), call);
        return invoke(client, method, request, metadata, call);
      },
    ]),
  );
  // Names and types of the methods come from the definition itself.
  return { ...methods, [Symbol.dispose]: () => client.close() } as unknown as TestClient<S>;
}

function calleeOf({ path }: MethodDefinition): string {
  return (path.split('.')[1] ?? '').replaceAll('_', '-');
}

async function metadataFor(as: TestCaller, callee: string, { headers }: TestCall): Promise<Metadata> {
  const metadata = new Metadata();
  metadata.set('idempotency-key', randomUUID());
  if (as !== 'nobody') {
    const service = typeof as === 'object' && 'service' in as ? as.service : 'gateway';
    metadata.set('authorization', `Bearer ${await testServiceToken(`service-${service}`, callee)}`);
    const user = typeof as === 'string' ? await testToken(as) : 'userToken' in as ? as.userToken : undefined;
    if (user !== undefined) metadata.set('x-user-authorization', `Bearer ${user}`);
  }
  for (const [name, value] of Object.entries(headers ?? {})) metadata.set(name, value);
  return metadata;
}

function invoke(
  client: Client,
  method: MethodDefinition,
  request: object,
  metadata: Metadata,
  { timeoutMs = 15_000, received }: TestCall,
): Promise<object> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      method.path,
      // `TestClient` ties the request to the definition that serialises it.
      method.requestSerialize as (request: object) => Buffer,
      method.responseDeserialize,
      request,
      metadata,
      { deadline: Date.now() + timeoutMs },
      (error, response) => {
        if (error !== null) reject(errorFromGrpc(error));
        else resolve(response ?? {});
      },
    );
    call.on('metadata', (headers) => {
      const texts = Object.entries(headers.getMap()).map(([name, value]) => [name, String(value)]);
      received?.(Object.fromEntries(texts));
    });
  });
}
