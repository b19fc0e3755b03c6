export {
  loadConfig,
  type LoadOptions,
  type PeerAddresses,
  type ProcessConfig,
  processConfig,
  secret,
  type ServiceConfig,
  serviceConfig,
} from './config.ts';
export { type KeyRing, readKeyRing } from './key-ring.ts';
