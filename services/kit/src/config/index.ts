export {
  type LoadOptions,
  loadConfig,
  type NatsConfig,
  natsConfig,
  type PeerAddresses,
  type ProcessConfig,
  processConfig,
  type ServiceConfig,
  secret,
  serviceConfig,
} from './config.ts';
export { type KeyRing, parseKeyRing } from './key-ring.ts';
export { type LiveKeyRing, liveKeyRing } from './live-key-ring.ts';
