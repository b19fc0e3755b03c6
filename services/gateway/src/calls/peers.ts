import { type ChannelOptions, Client, connectivityState } from '@grpc/grpc-js';
import { largestMessage, type Transport } from '@midas/kit';

/** The channels to the services, one each. */
export interface Peers {
  /** Throws when the contract names a service that has no address. */
  of(name: string): Client;
  /** Whether each channel is usable; asking starts a connection on an idle one. */
  states(): Readonly<Record<string, 'up' | 'down' | 'connecting'>>;
  close(): void;
}

const options: ChannelOptions = {
  // Over a headless service: every replica gets its share (design: long channels need round_robin).
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': largestMessage,
  'grpc.max_send_message_length': largestMessage,
  // A service that comes back is found within a second or two, not after the default of two minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
};

/** Opens the channels. Services that are down do not matter: gRPC keeps trying. */
export function openPeers(addresses: Readonly<Record<string, string>>, wire: Pick<Transport, 'to'>): Peers {
  const clients = new Map(
    Object.entries(addresses).map(([name, address]) => {
      const channel = wire.to(name);
      return [name, new Client(target(address), channel.credentials, { ...options, ...channel.options })];
    }),
  );
  return {
    of(name) {
      const client = clients.get(name);
      if (client === undefined) throw new Error(`no address is configured for the service "${name}"`);
      return client;
    },
    states: () => Object.fromEntries([...clients].map(([name, client]) => [name, stateOf(client)])),
    close() {
      for (const client of clients.values()) client.close();
    },
  };
}

// Asks for every address behind a name, so that there is something to balance over.
function target(address: string): string {
  return address.includes('://') ? address : `dns:///${address}`;
}

function stateOf(client: Client): 'up' | 'down' | 'connecting' {
  const state = client.getChannel().getConnectivityState(true);
  if (state === connectivityState.READY) return 'up';
  return state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN
    ? 'down'
    : 'connecting';
}
