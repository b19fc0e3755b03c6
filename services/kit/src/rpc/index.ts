export { type Remote, type RemoteCall, type RemoteOptions, remote } from './client.ts';
export { type Bound, command, query, serve } from './handlers.ts';
export { maskedNames } from './mask.ts';
export { rateLimited } from './rate-limited.ts';
export { largestMessage } from './server.ts';
export type {
  Aggregate,
  Answer,
  Call,
  Command,
  CommandSteps,
  Found,
  Handlers,
  Query,
  Reader,
  RequestOf,
  ResponseOf,
  ServiceDefinition,
  Unit,
} from './types.ts';
