import {
  type ServiceDefinition as GrpcDefinition,
  type Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { errorToGrpc, toDomainError } from '../errors/index.ts';
import type { RequestOf, ResponseOf, ServiceDefinition } from '../rpc/types.ts';

/** Answers of a peer by RPC; what is left out is not implemented. */
export type PeerAnswers<S extends ServiceDefinition> = {
  readonly [Name in keyof S]?: (
    request: RequestOf<S[Name]>,
    metadata: Readonly<Record<string, string>>,
  ) => Promise<ResponseOf<S[Name]>>;
};

export interface TestPeer extends AsyncDisposable {
  readonly address: string;
}

/**
 * Stands in for another service in the test of one: a real gRPC server on a free port that gives the test's own
 * answers. What it throws arrives as that service's error would. Journeys in `tests/` use the real service.
 */
export async function testPeer<S extends ServiceDefinition>(
  definition: S,
  answers: PeerAnswers<S>,
): Promise<TestPeer> {
  const server = new Server();
  const handlers = Object.entries(answers).map(([name, answer]) => [
    name,
    (
      call: { readonly request: never; readonly metadata: Metadata },
      reply: (error: object | null, response?: object) => void,
    ) => {
      const texts = Object.entries(call.metadata.getMap()).map(([key, value]) => [key, String(value)]);
      answer?.(call.request, Object.fromEntries(texts)).then(
        (response: object) => reply(null, response),
        (error: unknown) => reply(errorToGrpc(toDomainError(error, ''), '')),
      );
    },
  ]);
  // A ts-proto definition is one of grpc-js; its types only spell the messages out.
  server.addService(definition as unknown as GrpcDefinition, Object.fromEntries(handlers));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}
