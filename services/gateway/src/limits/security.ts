import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Headers of every answer, whoever writes it: JSON that no page may frame, sniff or load anything from, that no cache
 * keeps and no later request names as where it came from. Browsers heed the second line only over https.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Sets the headers before anything can be refused. Must be called before any other hook is added. */
export function secureAnswers(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(securityHeaders);
    done();
  });
}

/** Headers of requests and answers that pages of the allowed origins may send and read. */
const shared = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: [
    'authorization',
    'content-type',
    'idempotency-key',
    'if-match',
    'if-none-match',
    'x-purpose',
  ],
  exposedHeaders: ['etag', 'location', 'retry-after', 'x-request-id'],
  maxAge: 600,
};

/**
 * What pages of other origins may do: those of the listed origins everything that their token may, all others read
 * what anyone may read without a token. No cookie is ever looked at, so none is allowed.
 */
export function crossOrigin(request: FastifyRequest, origins: readonly string[]) {
  const { origin } = request.headers;
  if (origin !== undefined && origins.includes(origin)) return { ...shared, origin };
  return { origin: isPublicRead(request) ? '*' : false };
}

function isPublicRead(request: FastifyRequest): boolean {
  const { endpoint } = request.routeOptions.config;
  return endpoint?.contract.access.kind === 'public' && endpoint.verb === 'GET';
}
