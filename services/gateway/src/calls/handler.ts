import { type Message, toBinary } from '@bufbuild/protobuf';
import { fail, validate } from '@midas/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Endpoint } from '../contract/endpoint.ts';
import { readRequest } from '../json/read.ts';
import { writeAnswer } from '../json/write.ts';
import type { LoadGate } from '../limits/load.ts';
import { inClientSpan } from '../telemetry/calls.ts';
import { inRequest } from '../telemetry/requests.ts';
import { locationUrl, matchesEtag } from './answer.ts';
import { clientGone } from './gone.ts';
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
      const message = readMessage(endpoint, request, request.body ?? undefined);
      checkRules(endpoint, message);
      const bytes = toBinary(endpoint.input, message);
      const answer = await deps.gate.run(() =>
        call(endpoint, request, bytes, { deps, signal: clientGone(reply) }),
      );
      return sendAnswer(endpoint, request, reply, answer);
    });
}

/** The request message of a request. Fails with kind `invalid`, naming every field that departs from its shape. */
export function readMessage(endpoint: Endpoint, request: FastifyRequest, body: unknown): Message {
  const reading = readRequest(endpoint, {
    variables: Object.values(Object(request.params)).map(String),
    query: { ...Object(request.query) },
    body,
  });
  if (reading.kind === 'message') return reading.message;
  return fail(
    'invalid',
    'invalid-request',
    'The request does not have the shape of its message.',
    reading.violations,
  );
}

/** Fails with kind `invalid`, naming every field that breaks a rule of the contract. */
export function checkRules(endpoint: Endpoint, message: Message): void {
  const violations = validate(endpoint.input, message);
  if (violations.length > 0) {
    fail('invalid', 'invalid-request', 'The request breaks the rules of its fields.', violations);
  }
}

async function call(
  endpoint: Endpoint,
  request: FastifyRequest,
  bytes: Uint8Array,
  { deps, signal }: { readonly deps: CallDeps; readonly signal: AbortSignal },
): Promise<Answer> {
  const deadline = deps.now() + deps.timeoutMs;
  const token = await deps.tokens(endpoint.peer);
  return inClientSpan(endpoint, () =>
    callUnary(deps.peers, endpoint, bytes, callMetadata(request, token), { deadline, signal }),
  );
}

/** Sends the answer of an RPC: its ETag, 304 when the caller has it already, 201 and `Location` for a new record. */
export function sendAnswer(
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
): FastifyReply {
  const [etag] = answer.metadata.get('etag');
  if (typeof etag === 'string') {
    reply.header('etag', etag);
    if (endpoint.verb === 'GET' && matchesEtag(request.headers['if-none-match'], etag))
      return reply.code(304).send();
  }
  const json = writeAnswer(endpoint.output, answer.bytes);
  const location = locationUrl(endpoint, request, json);
  if (location !== undefined) reply.header('location', location);
  return reply
    .code(endpoint.creates ? 201 : 200)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(json));
}
