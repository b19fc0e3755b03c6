import '@midas/kit/telemetry/start';
import { start } from './service.ts';

await start();
