import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** Role of a span in its trace. */
export type SpanRole = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** Text headers that carry a trace from process to process. */
export type Carrier = Record<string, string>;

const kinds: Readonly<Record<SpanRole, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

export interface SpanOptions {
  /** Context of the caller, from `extract`; default: the active one. */
  readonly parent?: Context;
  /** Starts a trace of its own that only links to the parent. */
  readonly newTrace?: boolean;
}

/**
 * Runs `work` within a span and ends the span with it. An error marks the span by its name and slug only, because a
 * message could quote data.
 */
export async function inSpan<T>(
  name: string,
  role: SpanRole,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
  options: SpanOptions = {},
): Promise<T> {
  const parent = options.parent ?? context.active();
  const span = startSpan(name, role, attributes, { ...options, parent });
  const base = options.newTrace === true ? ROOT_CONTEXT : parent;
  try {
    return await context.with(trace.setSpan(base, span), () => work(span));
  } catch (error) {
    span.setAttribute('error.type', errorType(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** Marks that something was handed over, such as an event to the outbox, and gives the headers that follow it. */
export function markSpan(name: string, role: SpanRole, attributes: Attributes): Carrier {
  const span = startSpan(name, role, attributes, {});
  const carrier: Carrier = {};
  propagation.inject(trace.setSpan(context.active(), span), carrier);
  span.end();
  return carrier;
}

/** Id of the active trace, 32 hex digits; empty outside of any. */
export function currentTraceId(): string {
  const active = trace.getSpanContext(context.active());
  return active !== undefined && isSpanContextValid(active) ? active.traceId : '';
}

/** Writes the active trace into headers and returns them. */
export function inject(carrier: Carrier): Carrier {
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** The context that headers carry, for `parent` of `inSpan`. */
export function extract(carrier: Readonly<Carrier>): Context {
  return propagation.extract(ROOT_CONTEXT, carrier);
}

function startSpan(name: string, role: SpanRole, attributes: Attributes, options: SpanOptions): Span {
  const parent = options.parent ?? context.active();
  const from = trace.getSpanContext(parent);
  const fresh = options.newTrace === true;
  const links = fresh && from !== undefined ? [{ context: from }] : [];
  return trace
    .getTracer('midas')
    .startSpan(name, { kind: kinds[role], attributes, links, root: fresh }, parent);
}

function errorType(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'slug' in error && typeof error.slug === 'string' ? error.slug : error.name;
}
