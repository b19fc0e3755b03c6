import type { FastifyInstance } from 'fastify';
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
      const token = bearerToken(request.headers.authorization);
      if (token !== undefined) request.bearer = await verify(token, () => limits.beforeVerifying(request));
      else if (endpoint.contract.access.kind !== 'public') refuse();
    } catch (error) {
      await limits.afterRefusal(request);
      throw error;
    }
    await limits.count(request, reply);
  });
}
