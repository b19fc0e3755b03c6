import { fail } from '@midas/kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** How many requests a minute; each replica counts for itself. */
export interface RateLimitOptions {
  /** Of one signed-in client and subject. */
  readonly perClient: number;
  /** Of one address without a token. */
  readonly perAddress: number;
  /** Refused tokens of one address; beyond it none of its tokens is looked at, except those known to be good. */
  readonly refusalsPerAddress: number;
}

/** Counts requests. Every method rejects with kind `too-many` beyond its limit. */
export interface RateLimits {
  /** To be asked before a token that is not known yet is verified. */
  beforeVerifying(request: FastifyRequest): Promise<void>;
  afterRefusal(request: FastifyRequest): Promise<void>;
  /** Sets the `RateLimit-*` headers of the answer. */
  count(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

// Clients remembered at once; beyond it the longest unseen is forgotten.
const cache = 20_000;

/** Limits on `@fastify/rate-limit` with its store in memory. The plugin must be registered. */
export function rateLimits(app: FastifyInstance, options: RateLimitOptions): RateLimits {
  const window = { timeWindow: 60_000, cache };
  const refusals = app.createRateLimit({
    ...window,
    max: options.refusalsPerAddress,
    keyGenerator: (request) => request.ip,
  });
  const clients = app.createRateLimit({
    ...window,
    max: (request) => (request.bearer === undefined ? options.perAddress : options.perClient),
    keyGenerator: ({ bearer, ip }) =>
      bearer === undefined ? `address ${ip}` : `${bearer.client} ${bearer.subject}`,
  });
  return {
    async beforeVerifying(request) {
      const state = await refusals(request, { increment: false });
      if (!state.isAllowed && state.remaining === 0) tooMany();
    },
    async afterRefusal(request) {
      await refusals(request);
    },
    async count(request, reply) {
      const state = await clients(request);
      if (state.isAllowed) return;
      reply.headers({
        'ratelimit-limit': state.max,
        'ratelimit-remaining': state.remaining,
        'ratelimit-reset': state.ttlInSeconds,
      });
      if (!state.isExceeded) return;
      reply.header('retry-after', state.ttlInSeconds);
      tooMany();
    },
  };
}

function tooMany(): never {
  return fail('too-many', 'rate-limit', 'Too many requests. Wait for the seconds in RateLimit-Reset.');
}
