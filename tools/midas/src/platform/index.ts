export { type Addresses, addresses } from './addresses.ts';
export { type DownOptions, destroy, down, eraseData, stopServices } from './down.ts';
export { type LogsOptions, showLogs } from './logs.ts';
export { gaugeSum } from './metrics.ts';
export { startService, stopService } from './service-process.ts';
export { caughtUp, type ProcessStatus, status } from './status.ts';
export type { CaughtUp, SimulateOptions } from './types.ts';
export { type Platform, type UpOptions, up } from './up.ts';
