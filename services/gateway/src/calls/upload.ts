import { once } from 'node:events';
import { create, toBinary } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { type ClientWritableStream, Metadata } from '@grpc/grpc-js';
import { errorFromGrpc, fail } from '@midas/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Endpoint, type FileFields, fileFields } from '../contract/endpoint.ts';
import { inClientSpan } from '../telemetry/calls.ts';
import { inRequest } from '../telemetry/requests.ts';
import { clientGone } from './gone.ts';
import { type CallDeps, checkRules, readMessage, sendAnswer } from './handler.ts';
import { callMetadata, checkHeaders } from './headers.ts';
import type { Answer } from './unary.ts';

/** Bounds of a file on its way through. */
export interface TransferLimits {
  /** Largest file taken in, bytes. */
  readonly uploadLimit: number;
  /** Milliseconds. */
  readonly transferTimeoutMs: number;
}

interface Transfer {
  readonly call: ClientWritableStream<Buffer>;
  readonly answer: Promise<Answer>;
}

/**
 * Serves a client-streaming RPC whose message carries a file in pieces: the body, of any media type, goes through as
 * it comes. The first message holds the path and query fields and the content type, every further one a piece. Nothing
 * is kept: a slow service slows the sender down.
 */
export function uploadHandler(endpoint: Endpoint, deps: CallDeps & TransferLimits) {
  const file = fileFields(endpoint.input);
  if (file === undefined) throw new Error(`${endpoint.rpc} takes no file`);
  return (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    inRequest(request, async () => {
      checkHeaders(endpoint, request);
      if (Number(request.headers['content-length']) > deps.uploadLimit) tooLarge(deps.uploadLimit);
      const first = readMessage(endpoint, request, undefined);
      reflect(endpoint.input, first).set(file.contentType, request.headers['content-type'] ?? '');
      checkRules(endpoint, first);
      const token = await deps.tokens(endpoint.peer);
      const send = async () => {
        const transfer = open(endpoint, request, token, deps);
        clientGone(reply).addEventListener('abort', () => transfer.call.cancel(), { once: true });
        transfer.call.write(Buffer.from(toBinary(endpoint.input, first)));
        return sendPieces(endpoint, file, request, transfer, deps.uploadLimit);
      };
      const answer = await deps.gate
        .run(() => inClientSpan(endpoint, send))
        .finally(() => {
          // What is left of the body is not read: the connection cannot carry another request.
          if (!request.raw.readableEnded) reply.header('connection', 'close');
        });
      return sendAnswer(endpoint, request, reply, answer);
    });
}

function open(
  endpoint: Endpoint,
  request: FastifyRequest,
  token: string,
  deps: CallDeps & TransferLimits,
): Transfer {
  const asBytes = (bytes: Buffer): Buffer => bytes;
  const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>();
  let head = new Metadata();
  const call: ClientWritableStream<Buffer> = deps.peers
    .of(endpoint.peer)
    .makeClientStreamRequest(
      endpoint.rpc,
      asBytes,
      asBytes,
      callMetadata(request, token),
      { deadline: deps.now() + deps.transferTimeoutMs },
      (error, bytes) => {
        if (error === null) resolve({ bytes: bytes ?? Buffer.alloc(0), metadata: head });
        else reject(errorFromGrpc(error));
      },
    );
  call.on('metadata', (received: Metadata) => {
    head = received;
  });
  return { call, answer };
}

async function sendPieces(
  { input }: Endpoint,
  { data }: FileFields,
  request: FastifyRequest,
  { call, answer }: Transfer,
  most: number,
): Promise<Answer> {
  // A service may answer, or refuse, before the whole body has been sent.
  const answered = answer.then(
    () => undefined,
    () => undefined,
  );
  const chunks = request.raw.iterator({ destroyOnReturn: false });
  let size = 0;
  try {
    for (;;) {
      const step = await Promise.race([chunks.next(), answered]);
      if (step === undefined || step.done) break;
      const chunk: Buffer = step.value;
      size += chunk.length;
      if (size > most) tooLarge(most);
      const message = create(input);
      reflect(input, message).set(data, chunk);
      if (!call.write(Buffer.from(toBinary(input, message))))
        await Promise.race([once(call, 'drain'), answered]);
    }
    call.end();
  } catch (error) {
    call.cancel();
    throw error;
  }
  return answer;
}

function tooLarge(most: number): never {
  return fail('too-large', 'body-too-large', `The file is larger than ${most} bytes.`);
}
