import { plainTransport } from '@midas/kit';
import type { FastifyInstance } from 'fastify';
import { type AppDeps, buildApp } from '../app.ts';
import { openPeers, type Peers } from '../calls/peers.ts';
import type { Endpoint } from '../contract/endpoint.ts';
import type { TokenVerifier } from '../identity/verifier.ts';
import { loadGate } from '../limits/load.ts';
import type { Answered } from '../telemetry/requests.ts';

export interface TestGateway {
  readonly app: FastifyInstance;
  /** Listens on a free port and gives its origin, for what only a real connection shows. */
  listen(): Promise<string>;
  readonly peers: Peers;
  readonly answered: readonly Answered[];
  readonly unknown: readonly unknown[];
  stop(): Promise<void>;
}

const anyToken: TokenVerifier = async (token) => ({
  token,
  subject: 'user-1',
  client: 'client-1',
  expires: 4e9,
});

/** The whole gateway over the given services, without a port: requests go in by `app.inject`. */
export async function testGateway(
  endpoints: readonly Endpoint[],
  addresses: Readonly<Record<string, string>>,
  overrides: Partial<AppDeps> = {},
): Promise<TestGateway> {
  const peers = openPeers(addresses, plainTransport);
  const answered: Answered[] = [];
  const unknown: unknown[] = [];
  const app = await buildApp({
    endpoints,
    peers,
    tokens: async (callee) => `service-token-for-${callee}`,
    verify: anyToken,
    gate: loadGate(64),
    timeoutMs: 2_000,
    receiveTimeoutMs: 5_000,
    uploadLimit: 1_000_000,
    transferTimeoutMs: 5_000,
    now: Date.now,
    rates: { perClient: 1_000, perAddress: 1_000, refusalsPerAddress: 1_000 },
    bodyLimit: 1024 * 1024,
    trustedProxies: [],
    origins: [],
    connections: { most: 1_000, mostPerAddress: undefined },
    answered: (answer) => answered.push(answer),
    unknownError: (error) => unknown.push(error),
    ...overrides,
  });
  await app.ready();
  return {
    app,
    listen: () => app.listen({ host: '127.0.0.1', port: 0 }),
    peers,
    answered,
    unknown,
    async stop() {
      await app.close();
      peers.close();
    },
  };
}
