import type { FastifyHelmetOptions } from '@fastify/helmet';
import type { FastifyRequest } from 'fastify';

/** Headers of every answer: JSON that no page may frame, sniff or load anything from. */
export const securityHeaders: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  crossOriginResourcePolicy: { policy: 'same-origin' },
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: true },
};

/** Whether pages of other origins may read the answer: only what anyone may read without a token. */
export function isPublicRead(request: FastifyRequest): boolean {
  const { endpoint } = request.routeOptions.config;
  return endpoint?.contract.access.kind === 'public' && endpoint.verb === 'GET';
}
