import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';

/** Collects the metrics of this process when asked; it opens no port of its own. */
export const prometheusReader = new PrometheusExporter({ preventServerStart: true });

const serializer = new PrometheusSerializer('', false, undefined, true, true);

/** Content type of `metricsText`. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Every metric of this process in Prometheus' text format. */
export async function metricsText(): Promise<string> {
  const { resourceMetrics } = await prometheusReader.collect();
  return serializer.serialize(resourceMetrics);
}
