import { type Logger, logger } from './log/logger.ts';
import { currentTraceId } from './telemetry/tracing.ts';

export interface Stoppable {
  readonly drain: () => Promise<void>;
}

/** Milliseconds after which a process that does not come to its end is ended. */
const lastResortMs = 25_000;

/**
 * The life of a process: runs it, drains it on SIGTERM or SIGINT and ends. An error that nobody handles is logged
 * without its text and ends the process with 1, to be started again in a known state.
 */
export async function startProcess(name: string, run: () => Promise<Stoppable>): Promise<void> {
  const log = logger({ name, level: 'info', traceId: currentTraceId });
  const endWith = (what: string) => (error: unknown) => {
    log.error({ error }, what);
    process.exit(1);
  };
  // Before the first call there is no personal data that an error could quote, and its text says what to set right.
  const refuseToStart = (error: unknown) => {
    log.error({ error, text: error instanceof Error ? error.message : String(error) }, 'could not start');
    process.exit(1);
  };
  process.on('uncaughtException', endWith('uncaught exception'));
  process.on('unhandledRejection', endWith('unhandled rejection'));
  const running = await run().catch(refuseToStart);
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      stop(running, log).catch(endWith('could not stop'));
    });
  }
}

async function stop(running: Stoppable, log: Logger): Promise<void> {
  setTimeout(() => {
    log.error({}, 'did not stop in time');
    process.exit(1);
  }, lastResortMs).unref();
  await running.drain();
  // Every entry has imported it first; this module must not start telemetry by being imported.
  const { stopTelemetry } = await import('./telemetry/start.ts');
  await stopTelemetry();
  process.exit(0);
}
