import { DomainError } from '@midas/kit';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Endpoint, verbsOf } from '../contract/endpoint.ts';
import { pathPattern } from '../contract/path.ts';
import { securityHeaders } from '../limits/security.ts';
import { traceIdOf } from '../telemetry/requests.ts';
import { methodNotAllowed, type Problem, problemOf, problemType } from './problem.ts';

/** Makes every refusal of this server, Fastify's own included, a problem document. */
export function answerWithProblems(
  app: FastifyInstance,
  endpoints: readonly Endpoint[],
  unknownError: (error: unknown, traceId: string) => void,
): void {
  const patterns = endpoints.map((endpoint) => ({ pattern: pathPattern(endpoint.path), endpoint }));
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, traceIdOf(request));
    if (problem.status === 500) unknownError(error, traceIdOf(request));
    return sendProblem(
      reply,
      request.headers.authorization === undefined ? problem : withTokenRefused(problem),
    );
  });
  app.setNotFoundHandler((request, reply) => {
    const path = decodedPath(request.url);
    const there = patterns.filter(({ pattern }) => pattern.test(path)).map(({ endpoint }) => endpoint);
    if (there.length > 0) return sendProblem(reply, methodNotAllowed(verbsOf(there), traceIdOf(request)));
    const nothing = new DomainError('not-found', 'no-such-path', 'There is nothing at this path.');
    return sendProblem(reply, problemOf(nothing, traceIdOf(request)));
  });
}

/** RFC 6750: whoever sent a token is told that it was refused, and no more. */
function withTokenRefused(problem: Problem): Problem {
  const challenge = problem.headers['www-authenticate'];
  if (challenge === undefined) return problem;
  return {
    ...problem,
    headers: { ...problem.headers, 'www-authenticate': `${challenge}, error="invalid_token"` },
  };
}

/** Sends a problem; what was said about the answer before no longer holds. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  reply.removeHeader('etag').removeHeader('location');
  reply.request.problem = problem.document.slug;
  return reply
    .code(problem.status)
    .headers({ ...securityHeaders, ...problem.headers })
    .type(problemType)
    .send(JSON.stringify(problem.document));
}

function decodedPath(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
