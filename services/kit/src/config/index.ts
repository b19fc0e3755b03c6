export {
  type LoadOptions,
  loadConfig,
  type PeerAddresses,
  type ProcessConfig,
  processConfig,
  type ServiceConfig,
  secret,
  serviceConfig,
} from './config.ts';
export { type KeyRing, readKeyRing } from './key-ring.ts';
