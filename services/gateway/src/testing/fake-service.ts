import {
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { DomainError, errorToGrpc } from '@midas/kit';
import type { Endpoint } from '../contract/endpoint.ts';

/** What a fake was called with. */
export interface FakeCall {
  readonly rpc: string;
  readonly request: JsonObject;
  readonly metadata: Metadata;
}

export interface FakeAnswer {
  readonly answer?: JsonObject;
  readonly etag?: string;
  /** Never answers; the caller's deadline or cancellation ends it. */
  readonly hang?: boolean;
}

export interface FakeService {
  readonly address: string;
  readonly calls: readonly FakeCall[];
  readonly cancelled: readonly string[];
  stop(): Promise<void>;
}

const bytes = (value: Buffer): Buffer => value;

/** A real gRPC server for the unary RPCs of some endpoints, made from their descriptors. */
export async function fakeService(
  endpoints: readonly Endpoint[],
  reply: (call: FakeCall) => FakeAnswer | Promise<FakeAnswer>,
  port = 0,
): Promise<FakeService> {
  const server = new Server();
  const calls: FakeCall[] = [];
  const cancelled: string[] = [];
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const { rpc, input, output } of endpoints.filter((endpoint) => endpoint.shape === 'unary')) {
    definition[rpc] = {
      path: rpc,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    const handle: handleUnaryCall<Buffer, Buffer> = (call, done) => {
      let answered = false;
      // grpc-js says "cancelled" of every call that has ended.
      call.on('cancelled', () => {
        if (!answered) cancelled.push(rpc);
      });
      const received = { rpc, request: asJson(input, call.request), metadata: call.metadata };
      calls.push(received);
      const answer = async () => {
        const { answer: json = {}, etag, hang } = await reply(received);
        if (hang) return;
        const bytesOut = Buffer.from(toBinary(output, fromJson(output, json)));
        const head = new Metadata();
        if (etag !== undefined) head.set('etag', etag);
        answered = true;
        call.sendMetadata(head);
        done(null, bytesOut);
      };
      answer().catch((error: unknown) => {
        done(error instanceof DomainError ? errorToGrpc(error, 'trace-of-service') : Object(error), null);
      });
    };
    implementation[rpc] = handle;
  }
  server.addService(definition, implementation);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, got) =>
      error === null ? resolve(got) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${bound}`,
    calls,
    cancelled,
    stop: () =>
      new Promise((resolve) => {
        server.forceShutdown();
        server.tryShutdown(() => resolve());
      }),
  };
}

function asJson(desc: DescMessage, message: Uint8Array): JsonObject {
  return { ...Object(toJson(desc, fromBinary(desc, message), { useProtoFieldName: true })) };
}
