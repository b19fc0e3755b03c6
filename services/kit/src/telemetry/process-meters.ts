import { monitorEventLoopDelay } from 'node:perf_hooks';
import { meters } from './meters.ts';

/** Observes memory, processor time and event loop of this process. Returns how to stop. */
export function observeProcess(service: string): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const stops = [
    meters.processMemory({ service, kind: 'resident' }, async () => process.memoryUsage.rss()),
    meters.processMemory({ service, kind: 'heap' }, async () => process.memoryUsage().heapUsed),
    meters.processCpu({ service }, async () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    meters.eventLoopDelay({ service }, async () => {
      const p99 = delay.percentile(99) / 1e9;
      delay.reset();
      return p99;
    }),
  ];
  return () => {
    delay.disable();
    for (const stop of stops) stop();
  };
}
