export { defined as definedMetrics, type MetricDefinition } from './instruments.ts';
export { meters } from './meters.ts';
export { observeProcess } from './process-meters.ts';
export { metricsContentType, metricsText } from './prometheus.ts';
export {
  type Carrier,
  currentTraceId,
  extract,
  inject,
  inSpan,
  markSpan,
  type SpanOptions,
  type SpanRole,
} from './tracing.ts';
