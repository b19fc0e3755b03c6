import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RateLimits } from '../limits/rate.ts';
import { type Bearer, bearerToken, refuse, type TokenVerifier } from './verifier.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose verified token came with the request; undefined for an anonymous call of a public RPC. */
    bearer: Bearer | undefined;
  }
}

/**
 * Verifies the token of every call of an RPC before its body is read, and counts the call against the caller's
 * limit. Only a public RPC may come without a token; a bad one is refused even there.
 */
export function signIn(app: FastifyInstance, verify: TokenVerifier, limits: RateLimits): void {
  app.decorateRequest('bearer', undefined);
  app.addHook('onRequest', async (request, reply) => {
    const { endpoint } = request.routeOptions.config;
    if (endpoint === undefined) return;
    try {
      const token = bearerToken(authorization(request));
      if (token !== undefined) request.bearer = await verify(token, () => limits.beforeVerifying(request));
      else if (endpoint.contract.access.kind !== 'public') refuse();
    } catch (error) {
      await limits.afterRefusal(request);
      throw error;
    }
    await limits.count(request, reply);
  });
}

/** The one `Authorization` header. Node would take the first of two, and a proxy before us perhaps the second. */
function authorization({ headers, raw }: FastifyRequest): string | undefined {
  const names = raw.rawHeaders.filter((_, index) => index % 2 === 0);
  if (names.filter((name) => name.toLowerCase() === 'authorization').length > 1) refuse();
  return headers.authorization;
}
