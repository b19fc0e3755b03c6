import type { FastifyInstance } from 'fastify';
import { sendProblem } from '../problems/answers.ts';
import { refusedByHttp } from '../problems/problem.ts';
import { traceIdOf } from '../telemetry/requests.ts';

/** Bounds of one request before anything of it is understood. */
export const requestBounds = {
  /** Bytes of the first line and all headers together; Node refuses what is beyond. */
  headerBytes: 16_384,
  headers: 64,
  /** Characters of path and query. */
  url: 4_096,
  /** Query parameters, repetitions counted. */
  parameters: 64,
  /** Levels of nesting in a JSON body. */
  jsonDepth: 32,
  /** Keys and items in a JSON body, all levels together. */
  jsonValues: 20_000,
} as const;

/** Refuses addresses and headers beyond the bounds, on every path, before a token or a body is looked at. */
export function boundRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const trace = traceIdOf(request);
    const { url, rawHeaders } = request.raw;
    if (url !== undefined && url.length > requestBounds.url)
      return void sendProblem(reply, refusedByHttp('url-too-long', trace));
    if (rawHeaders.length > 2 * requestBounds.headers)
      return void sendProblem(reply, refusedByHttp('too-many-headers', trace));
    if (parameterCount(url ?? '') > requestBounds.parameters)
      return void sendProblem(reply, refusedByHttp('too-many-parameters', trace));
    done();
  });
}

function parameterCount(url: string): number {
  const start = url.indexOf('?');
  return start === -1 ? 0 : url.slice(start + 1).split('&').length;
}

/**
 * Cuts off a body that does not arrive within `withinMs` on a route that reads JSON. The server's own limit must be as
 * long as a file may take where there is a route for files.
 */
export function boundArrival(app: FastifyInstance, withinMs: number): void {
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const takesFile = request.routeOptions.config.endpoint?.shape === 'upload';
    if (takesFile || request.raw.complete) return done();
    const late = setTimeout(() => {
      reply.header('connection', 'close');
      sendProblem(reply, refusedByHttp('too-slow', traceIdOf(request)));
    }, withinMs);
    const arrived = () => clearTimeout(late);
    request.raw.once('end', arrived).once('close', arrived);
    done();
  });
}
