import {
  adminServer,
  currentTraceId,
  type Dependency,
  health,
  identityCheck,
  loadConfig,
  logger,
  meters,
  observeProcess,
  registry,
  serviceTokens,
  transport,
} from '@midas/kit';
import { buildApp } from './app.ts';
import { openPeers, type Peers } from './calls/peers.ts';
import { type GatewayConfig, gatewayConfig, peerAddresses } from './config.ts';
import { type Endpoint, readEndpoints } from './contract/endpoint.ts';
import { keycloakVerifier } from './identity/keycloak.ts';
import { remembered } from './identity/verifier.ts';
import { loadGate } from './limits/load.ts';
import { answerLog } from './telemetry/log.ts';

/** A gateway that runs. */
export interface RunningGateway {
  /** `host:port` of the API. */
  readonly address: string;
  /** `host:port` of `/livez`, `/readyz` and `/metrics`. */
  readonly adminAddress: string;
  /** Takes no new connections, finishes the requests in progress and closes everything. */
  readonly drain: () => Promise<void>;
}

/** What `aud` of a user's token must contain. */
const audience = 'midas';
const rememberedTokens = 20_000;

/** The front of the platform: REST and JSON over the RPCs of every service, by their descriptors alone. */
export const start = async (config = loadConfig(gatewayConfig)): Promise<RunningGateway> => {
  const log = logger({ name: 'gateway', level: config.LOG_LEVEL, traceId: currentTraceId });
  const realm = config.KEYCLOAK_INTERNAL_URL.replace(/\/$/, '');
  const endpoints = readEndpoints(registry);
  const addresses = peerAddresses(config);
  requireAddresses(endpoints, addresses);
  const peers = openPeers(addresses, transport(config, { log }));
  const answers = answerLog(log);
  const state = health([
    identityCheck(`${realm}/protocol/openid-connect/certs`),
    ...Object.keys(addresses).map((name) => peerCheck(name, peers)),
  ]);
  const app = await buildApp({
    endpoints,
    peers,
    tokens: serviceTokens({
      tokenUrl: `${realm}/protocol/openid-connect/token`,
      clientId: 'service-gateway',
      secret: config.SERVICE_CLIENT_SECRET,
    }),
    verify: remembered(
      keycloakVerifier({ issuer: config.KEYCLOAK_ISSUER, internalUrl: realm, audience }),
      rememberedTokens,
      Date.now,
    ),
    gate: loadGate(config.MAX_IN_FLIGHT),
    ...limitsOf(config),
    now: Date.now,
    answered: (answer) => {
      const { route, method, status } = answer;
      meters.httpServerDuration(answer.seconds, { route, method, status: String(status) });
      if (status === 401) meters.callsRefused({ service: 'gateway', reason: 'token-refused' });
      answers(answer);
    },
    unknownError: (error, traceId) => log.error({ error, trace_id: traceId }, 'unknown error'),
  });
  const stopObserving = observeProcess('gateway');
  const url = new URL(await app.listen({ host: config.LISTEN_HOST, port: config.HTTP_PORT }));
  const admin = await adminServer({ host: config.LISTEN_HOST, port: config.ADMIN_PORT, health: state });
  log.info({ http: url.host, admin: admin.address, rpcs: endpoints.length }, 'started');
  const drain = async () => {
    log.info({}, 'draining');
    state.drain();
    await app.close();
    peers.close();
    stopObserving();
    await admin.close();
    log.info({}, 'stopped');
  };
  return { address: url.host, adminAddress: admin.address, drain };
};

function limitsOf(config: GatewayConfig) {
  return {
    receiveTimeoutMs: config.RECEIVE_TIMEOUT_MS,
    timeoutMs: config.REQUEST_TIMEOUT_MS,
    transferTimeoutMs: config.TRANSFER_TIMEOUT_MS,
    bodyLimit: config.BODY_LIMIT_BYTES,
    uploadLimit: config.UPLOAD_LIMIT_BYTES,
    trustedProxies: config.TRUSTED_PROXIES,
    origins: config.CORS_ORIGINS,
    connections: {
      most: config.MAX_CONNECTIONS,
      mostPerAddress: config.TRUSTED_PROXIES.length > 0 ? undefined : config.MAX_CONNECTIONS_PER_IP,
    },
    rates: {
      perClient: config.RATE_LIMIT_PER_MINUTE,
      perAddress: config.RATE_LIMIT_ANONYMOUS_PER_MINUTE,
      refusalsPerAddress: config.RATE_LIMIT_REFUSALS_PER_MINUTE,
    },
  };
}

/** A service may be down when the gateway starts, but it must be known where it will be. */
function requireAddresses(endpoints: readonly Endpoint[], addresses: Readonly<Record<string, string>>): void {
  const missing = new Set(endpoints.map(({ peer }) => peer).filter((peer) => addresses[peer] === undefined));
  if (missing.size === 0) return;
  const names = [...missing].map((peer) => `${peer.replaceAll('-', '_').toUpperCase()}_ADDRESS`);
  throw new Error(`The contract has RPCs of services without an address: set ${names.join(', ')}`);
}

// The rest of the API goes on while one service is away.
function peerCheck(name: string, peers: Peers): Dependency {
  return {
    name,
    isVital: false,
    holdsMs: 0,
    check: async () => {
      if (peers.states()[name] !== 'up') throw new Error('not connected');
    },
  };
}
