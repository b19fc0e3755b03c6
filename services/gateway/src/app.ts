import { randomUUID } from 'node:crypto';
import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type RouteHandlerMethod } from 'fastify';
import { downloadHandler } from './calls/download.ts';
import { type CallDeps, unaryHandler } from './calls/handler.ts';
import { type TransferLimits, uploadHandler } from './calls/upload.ts';
import type { Endpoint } from './contract/endpoint.ts';
import { routeUrl } from './contract/path.ts';
import { signIn } from './identity/signin.ts';
import type { TokenVerifier } from './identity/verifier.ts';
import { parseJson } from './json/parse.ts';
import { boundConnections, type ConnectionBounds, patience } from './limits/connections.ts';
import { type RateLimitOptions, rateLimits } from './limits/rate.ts';
import { boundArrival, boundRequests, requestBounds } from './limits/request.ts';
import { crossOrigin, secureAnswers } from './limits/security.ts';
import { serveDocuments } from './openapi/documents.ts';
import { routeSchema } from './openapi/route.ts';
import { answerWithProblems, sendProblem } from './problems/answers.ts';
import { answerBrokenHttp } from './problems/broken.ts';
import { problemOf } from './problems/problem.ts';
import { type Answered, traceIdOf, traceRequests } from './telemetry/requests.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The RPC that this route serves; absent for the gateway's own pages. */
    endpoint?: Endpoint;
    /** Path as documented, for spans and metrics. */
    template?: string;
  }
}

/** Everything that the HTTP side stands on. */
export interface AppDeps extends CallDeps, TransferLimits {
  readonly endpoints: readonly Endpoint[];
  readonly verify: TokenVerifier;
  readonly rates: RateLimitOptions;
  readonly bodyLimit: number;
  /** Milliseconds in which a request without a file must have arrived. */
  readonly receiveTimeoutMs: number;
  readonly connections: ConnectionBounds;
  /** Origins whose pages may call with a token. */
  readonly origins: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Called once for every answer. */
  readonly answered: (answer: Answered) => void;
  /** Called with errors that the caller is not told. */
  readonly unknownError: (error: unknown, traceId: string) => void;
}

const jsonBounds = { depth: requestBounds.jsonDepth, values: requestBounds.jsonValues };

/** Builds the HTTP server: one route per endpoint, and nothing that knows one endpoint from another. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const takesFiles = deps.endpoints.some(({ shape }) => shape === 'upload');
  const app = fastify({
    bodyLimit: deps.bodyLimit,
    requestTimeout: takesFiles ? deps.transferTimeoutMs : deps.receiveTimeoutMs,
    keepAliveTimeout: patience.idleMs,
    maxRequestsPerSocket: patience.requests,
    http: {
      maxHeaderSize: requestBounds.headerBytes,
      headersTimeout: Math.min(patience.headersMs, deps.receiveTimeoutMs),
      connectionsCheckingInterval: patience.lookEveryMs,
    },
    // Never the caller's own: it could say anything, and it goes into the log.
    genReqId: () => randomUUID(),
    // While draining, requests on open connections are still served and their connections closed.
    return503OnClosing: false,
    trustProxy: deps.trustedProxies.length > 0 ? [...deps.trustedProxies] : false,
    clientErrorHandler: answerBrokenHttp,
    // Refusals before there is a route, such as a path with a broken escape.
    frameworkErrors: (error, request, reply) => void sendProblem(reply, problemOf(error, traceIdOf(request))),
  });
  boundConnections(app.server, deps.connections);
  secureAnswers(app);
  // `fromJson` is the only judge of a body: nothing is coerced, removed or filled in before it.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : parseJson(Buffer.from(body), jsonBounds));
    } catch (error) {
      done(error instanceof Error ? error : new Error('unreadable body'));
    }
  });
  traceRequests(app, deps.answered);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  closeConnectionsWhileDraining(app);
  answerWithProblems(app, deps.endpoints, deps.unknownError);
  boundRequests(app);
  if (takesFiles) boundArrival(app, deps.receiveTimeoutMs);
  await app.register(cors, {
    delegator: (request, done) => done(null, crossOrigin(request, deps.origins)),
  });
  await app.register(rateLimit, { global: false });
  signIn(app, deps.verify, rateLimits(app, deps.rates));
  await serveDocuments(app, deps.endpoints);
  addRoutes(app, deps);
  return app;
}

/** A connection that carries a request when draining begins would otherwise be kept alive after its answer. */
function closeConnectionsWhileDraining(app: FastifyInstance): void {
  let draining = false;
  app.addHook('preClose', (done) => {
    draining = true;
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (draining) reply.header('connection', 'close');
    done();
  });
}

function addRoutes(app: FastifyInstance, deps: AppDeps): void {
  for (const endpoint of deps.endpoints)
    if (endpoint.shape === 'unary') addRoute(app, endpoint, unaryHandler(endpoint, deps));
  // Bodies of any media type, left unread for the handler.
  app.register(async (files) => {
    files.removeAllContentTypeParsers();
    files.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    for (const endpoint of deps.endpoints) {
      if (endpoint.shape === 'upload') addRoute(files, endpoint, uploadHandler(endpoint, deps));
      if (endpoint.shape === 'download') addRoute(files, endpoint, downloadHandler(endpoint, deps));
    }
  });
}

function addRoute(app: FastifyInstance, endpoint: Endpoint, handler: RouteHandlerMethod): void {
  app.route({
    method: endpoint.verb,
    url: routeUrl(endpoint.path),
    schema: routeSchema(endpoint),
    config: { endpoint, template: endpoint.path.template },
    handler,
  });
}
