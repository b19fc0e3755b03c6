/** What sets NATS up for the services; the services themselves need none of it. */
export { loadConfig, natsConfig } from './config/config.ts';
export { natsOptions } from './events/nats-options.ts';
export { applyDurable, applyStream, streamName } from './events/stream.ts';
export {
  natsAccounts,
  permissionsOf,
  type ServerCredential,
  type StreamUser,
  streamAdmin,
  streamUsers,
} from './events/stream-users.ts';
