import { basename, dirname } from 'node:path';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { AlwaysOffSampler, NoopSpanProcessor } from '@opentelemetry/sdk-trace';
import { prometheusReader } from './prometheus.ts';

/*
 * Imported first by every process, before anything that makes spans or meters. Traces leave only when an endpoint is
 * set; without one spans still get ids, so errors, logs and audit rows name their trace, but nothing is recorded.
 */
const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;

// Configuration is not read yet: services/<name>/src/main.ts names the service.
function serviceOf(entry: string): string {
  return basename(dirname(dirname(entry))) || 'midas';
}
const traced = endpoint !== undefined && endpoint !== '';

const sdk = new NodeSDK({
  serviceName: process.env.OTEL_SERVICE_NAME ?? serviceOf(process.argv[1] ?? ''),
  autoDetectResources: false,
  metricReaders: [prometheusReader],
  instrumentations: [],
  logRecordProcessors: [],
  // Batching and sampling of what leaves follow the standard OTEL_BSP_* and OTEL_TRACES_SAMPLER* variables.
  ...(traced
    ? { traceExporter: new OTLPTraceExporter() }
    : { spanProcessors: [new NoopSpanProcessor()], sampler: new AlwaysOffSampler() }),
});
sdk.start();

/** Sends what is waiting and ends telemetry; to be called last in a process. */
export async function stopTelemetry(): Promise<void> {
  // A collector that is away must not hold up the end of the process.
  await sdk.shutdown().catch(() => undefined);
}
