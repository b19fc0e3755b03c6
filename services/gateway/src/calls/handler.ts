import { toBinary } from '@bufbuild/protobuf';
import { fail, validate } from '@midas/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Endpoint } from '../contract/endpoint.ts';
import { readRequest } from '../json/read.ts';
import { writeAnswer } from '../json/write.ts';
import type { LoadGate } from '../limits/load.ts';
import { inClientSpan } from '../telemetry/calls.ts';
import { inRequest } from '../telemetry/requests.ts';
import { locationUrl, matchesEtag } from './answer.ts';
import { callMetadata, checkHeaders } from './headers.ts';
import type { Peers } from './peers.ts';
import { type Answer, callUnary } from './unary.ts';

/** What a call needs besides the request. */
export interface CallDeps {
  readonly peers: Peers;
  /** The gateway's own credential for one callee. */
  readonly tokens: (callee: string) => Promise<string>;
  readonly gate: LoadGate;
  readonly timeoutMs: number;
  readonly now: () => number;
}

/** Serves one unary RPC: JSON in, the rules, bytes through, JSON out. The same for every RPC. */
export function unaryHandler(endpoint: Endpoint, deps: CallDeps) {
  return (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    inRequest(request, async () => {
      checkHeaders(endpoint, request);
      const bytes = requestBytes(endpoint, request);
      const answer = await deps.gate.run(() => call(endpoint, request, bytes, deps));
      return sendAnswer(endpoint, request, reply, answer);
    });
}

function requestBytes(endpoint: Endpoint, request: FastifyRequest): Uint8Array {
  const reading = readRequest(endpoint, {
    variables: Object.values(Object(request.params)).map(String),
    query: { ...Object(request.query) },
    body: request.body ?? undefined,
  });
  const violations = reading.kind === 'message' ? validate(endpoint.input, reading.message) : reading.violations;
  if (reading.kind !== 'message' || violations.length > 0) {
    return fail('invalid', 'invalid-request', 'The request breaks the rules of its fields.', violations);
  }
  return toBinary(endpoint.input, reading.message);
}

async function call(endpoint: Endpoint, request: FastifyRequest, bytes: Uint8Array, deps: CallDeps): Promise<Answer> {
  const deadline = deps.now() + deps.timeoutMs;
  const token = await deps.tokens(endpoint.peer);
  return inClientSpan(endpoint, () =>
    callUnary(deps.peers, endpoint, bytes, callMetadata(request, token), { deadline, signal: request.signal }),
  );
}

function sendAnswer(endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const [etag] = answer.metadata.get('etag');
  reply.header('cache-control', 'no-store');
  if (typeof etag === 'string') {
    reply.header('etag', etag);
    if (endpoint.verb === 'GET' && matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  }
  const json = writeAnswer(endpoint.output, answer.bytes);
  const location = locationUrl(endpoint, request, json);
  if (location !== undefined) reply.header('location', location);
  return reply
    .code(endpoint.creates ? 201 : 200)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(json));
}
