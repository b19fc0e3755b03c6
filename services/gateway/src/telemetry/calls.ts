import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Endpoint } from '../contract/endpoint.ts';

const tracer = trace.getTracer('@midas/gateway');

/** Runs a call to a service inside a client span; its error is marked on the span without its text. */
export async function inClientSpan<T>(endpoint: Endpoint, work: () => Promise<T>): Promise<T> {
  const attributes = {
    'rpc.system': 'grpc',
    'rpc.service': endpoint.method.parent.typeName,
    'rpc.method': endpoint.method.name,
  };
  const span = tracer.startSpan(endpoint.rpc.slice(1), { kind: SpanKind.CLIENT, attributes });
  try {
    return await context.with(trace.setSpan(context.active(), span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}
