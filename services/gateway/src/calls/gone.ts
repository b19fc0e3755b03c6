import type { FastifyReply } from 'fastify';

/**
 * Aborts when the client has gone before its answer was sent. Fastify's `request.signal` will not do: it also aborts
 * when a request's body has been read to its end, which is when Node closes the incoming message.
 */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
