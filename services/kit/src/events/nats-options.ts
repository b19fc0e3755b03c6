import { type NodeConnectionOptions, nkeyAuthenticator } from '@nats-io/transport-node';
import type { NatsConfig } from '../config/config.ts';
import { inboxPrefix } from './stream-users.ts';

/** Where NATS is and how `user` proves itself there. With a tls:// URL it is spoken to by TLS or not at all. */
export function natsOptions(config: NatsConfig, user: string): NodeConnectionOptions {
  return {
    servers: config.NATS_URL.split(','),
    inboxPrefix: inboxPrefix(user),
    ...credential(config),
    ...(config.NATS_URL.startsWith('tls://') ? { tls: certificates(config) } : {}),
  };
}

function credential({ NATS_NKEY_SEED, NATS_USER, NATS_PASSWORD }: NatsConfig): NodeConnectionOptions {
  if (NATS_NKEY_SEED !== undefined)
    return { authenticator: nkeyAuthenticator(new TextEncoder().encode(NATS_NKEY_SEED)) };
  if (NATS_USER !== undefined && NATS_PASSWORD !== undefined) return { user: NATS_USER, pass: NATS_PASSWORD };
  return {};
}

// Named by file, they are read anew at each connection.
function certificates({ TLS_CA_FILE, TLS_CERT_FILE, TLS_KEY_FILE }: NatsConfig) {
  return TLS_CA_FILE === undefined || TLS_CERT_FILE === undefined || TLS_KEY_FILE === undefined
    ? {}
    : { caFile: TLS_CA_FILE, certFile: TLS_CERT_FILE, keyFile: TLS_KEY_FILE };
}
