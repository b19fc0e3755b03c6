import '@midas/kit/telemetry/start';
import { startProcess } from '@midas/kit';
import { start } from './service.ts';

await startProcess('gateway', start);
