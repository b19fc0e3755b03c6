import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Context that holds the server span of this request. */
    telemetry: Context | undefined;
    /** Whether a service was asked, which has audited the call. */
    passedOn: boolean;
    /** Slug of the problem that the request was answered with. */
    problem: string | undefined;
  }
}

/** What is noted of an answered request. The route is the path template: no id, no query string. */
export interface Answered {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  readonly traceId: string;
  readonly requestId: string;
  /** Of a request that was refused here, so that no service has audited it: why, and whose it was, if that was known. */
  readonly refused?: { readonly slug: string; readonly client?: string; readonly subject?: string };
}

const tracer = trace.getTracer('@midas/gateway');

/** Opens a server span for each request as a child of the caller's `traceparent`, and notes each answer. */
export function traceRequests(app: FastifyInstance, answered: (answer: Answered) => void): void {
  app.decorateRequest('telemetry', undefined);
  app.decorateRequest('passedOn', false);
  app.decorateRequest('problem', undefined);
  app.addHook('onRequest', (request, _reply, done) => {
    // Only the ids: baggage and tracestate are free text of the caller's and would travel into every service.
    const { traceparent } = request.headers;
    const parent = propagation.extract(context.active(), { traceparent });
    const attributes = { 'http.request.method': request.method, 'http.route': routeOf(request) };
    const span = tracer.startSpan(
      `${request.method} ${routeOf(request)}`,
      { kind: SpanKind.SERVER, attributes },
      parent,
    );
    request.telemetry = trace.setSpan(parent, span);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    const span = spanOf(request);
    span?.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    answered({
      method: request.method,
      route: routeOf(request),
      status: statusCode,
      seconds: reply.elapsedTime / 1000,
      traceId: traceIdOf(request),
      requestId: request.id,
      ...refusalOf(request),
    });
    done();
  });
}

function refusalOf({ problem, passedOn, bearer }: FastifyRequest): Pick<Answered, 'refused'> {
  if (problem === undefined || passedOn) return {};
  const caller = bearer === undefined ? {} : { client: bearer.client, subject: bearer.subject };
  return { refused: { slug: problem, ...caller } };
}

/** Runs work inside the request's span: Fastify loses the context while it reads a body. */
export function inRequest<T>(request: FastifyRequest, work: () => T): T {
  return request.telemetry === undefined ? work() : context.with(request.telemetry, work);
}

/** Trace id of the request, 32 hexadecimal digits; zeros while telemetry is off. */
export function traceIdOf(request: FastifyRequest): string {
  return spanOf(request)?.spanContext().traceId ?? '0'.repeat(32);
}

function spanOf(request: FastifyRequest): Span | undefined {
  return request.telemetry === undefined ? undefined : trace.getSpan(request.telemetry);
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.config.template ?? request.routeOptions.url ?? 'none';
}
