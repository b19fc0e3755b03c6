import { counter, gauge, histogram } from './instruments.ts';

/*
 * One function a metric; infra/telemetry/metrics.json registers the same list, and a test holds the two together.
 * Labels are codes and names of code, never ids of records or people.
 */
export const meters = {
  rpcServerDuration: histogram<{ service: string; rpc: string; code: string }>({
    name: 'midas_rpc_server_duration_seconds',
    kind: 'histogram',
    unit: 's',
    help: 'Time a service took to answer an RPC.',
    labels: ['service', 'rpc', 'code'],
  }),
  httpServerDuration: histogram<{ route: string; method: string; status: string }>({
    name: 'midas_http_server_duration_seconds',
    kind: 'histogram',
    unit: 's',
    help: 'Time the gateway took to answer a request.',
    labels: ['route', 'method', 'status'],
  }),
  callsRefused: counter<{ service: string; reason: string }>({
    name: 'midas_unknown_caller_refused_total',
    kind: 'counter',
    unit: '{call}',
    help: 'Calls refused before it was known who calls.',
    labels: ['service', 'reason'],
  }),
  introspections: counter<{ service: string; outcome: string }>({
    name: 'midas_token_introspections_total',
    kind: 'counter',
    unit: '{question}',
    help: 'Questions to Keycloak whether a token still holds.',
    labels: ['service', 'outcome'],
  }),
  outboxPending: gauge<{ service: string }>({
    name: 'midas_outbox_pending',
    kind: 'gauge',
    unit: '{event}',
    help: 'Events committed but not yet acknowledged by the stream.',
    labels: ['service'],
  }),
  outboxOldest: gauge<{ service: string }>({
    name: 'midas_outbox_oldest_seconds',
    kind: 'gauge',
    unit: 's',
    help: 'Age of the oldest event that waits in the outbox; 0 when none does.',
    labels: ['service'],
  }),
  consumerPending: gauge<{ service: string }>({
    name: 'midas_consumer_pending',
    kind: 'gauge',
    unit: '{event}',
    help: 'Events in the stream that the service has not applied yet.',
    labels: ['service'],
  }),
  consumerApplied: counter<{ service: string; subject: string }>({
    name: 'midas_consumer_applied_total',
    kind: 'counter',
    unit: '{event}',
    help: 'Events whose effect was committed.',
    labels: ['service', 'subject'],
  }),
  consumerRedelivered: counter<{ service: string }>({
    name: 'midas_consumer_redelivered_total',
    kind: 'counter',
    unit: '{event}',
    help: 'Deliveries of an event that had been delivered before.',
    labels: ['service'],
  }),
  deadLetters: gauge<{ service: string }>({
    name: 'midas_dead_letters',
    kind: 'gauge',
    unit: '{event}',
    help: 'Events that could not be applied and wait for a person to look.',
    labels: ['service'],
  }),
  eventLag: histogram<{ service: string; subject: string }>({
    name: 'midas_event_lag_seconds',
    kind: 'histogram',
    unit: 's',
    help: 'Time from the recording of an event to the commit of its effect.',
    labels: ['service', 'subject'],
  }),
  auditSealAge: gauge<{ service: string }>({
    name: 'midas_audit_seal_age_seconds',
    kind: 'gauge',
    unit: 's',
    help: 'Age of the oldest audit entry that no seal covers yet; 0 when none waits.',
    labels: ['service'],
  }),
  reviewsWaiting: gauge<{ service: string; kind: string }>({
    name: 'midas_reviews_waiting',
    kind: 'gauge',
    unit: '{review}',
    help: 'Things that wait for a person to look into them, by kind.',
    labels: ['service', 'kind'],
  }),
  processMemory: gauge<{ service: string; kind: string }>({
    name: 'midas_process_memory_bytes',
    kind: 'gauge',
    unit: 'By',
    help: 'Memory of the process: resident set and JavaScript heap in use.',
    labels: ['service', 'kind'],
  }),
  processCpu: gauge<{ service: string }>({
    name: 'midas_process_cpu_seconds',
    kind: 'gauge',
    unit: 's',
    help: 'Processor time that the process has used since it started.',
    labels: ['service'],
  }),
  eventLoopDelay: gauge<{ service: string }>({
    name: 'midas_event_loop_delay_seconds',
    kind: 'gauge',
    unit: 's',
    help: '99th percentile of the delay of the event loop since the metrics were last asked for.',
    labels: ['service'],
  }),
};
