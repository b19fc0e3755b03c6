import { Readable } from 'node:stream';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { errorFromGrpc } from '@midas/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Endpoint, type FileFields, fileFields } from '../contract/endpoint.ts';
import { inClientSpan } from '../telemetry/calls.ts';
import { inRequest } from '../telemetry/requests.ts';
import { clientGone } from './gone.ts';
import { type CallDeps, checkRules, readMessage } from './handler.ts';
import { callMetadata, checkHeaders } from './headers.ts';
import type { TransferLimits } from './upload.ts';

// What a browser shows instead of saving could run in this origin; everything else goes out as plain bytes.
const safeType =
  /^(?:text\/(?:csv|plain)|application\/(?:json|x-ndjson|pdf|zip|octet-stream|xml))(?:; ?charset=[a-z0-9-]+)?$/i;

/**
 * Serves a server-streaming RPC whose message carries a file in pieces. The first message's content type is the
 * answer's; an error before it is a problem document, an error after it breaks the connection, so that half a file
 * never looks whole.
 */
export function downloadHandler(endpoint: Endpoint, deps: CallDeps & TransferLimits) {
  const file = fileFields(endpoint.output);
  if (file === undefined) throw new Error(`${endpoint.rpc} gives no file`);
  return (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    inRequest(request, async () => {
      checkHeaders(endpoint, request);
      const message = readMessage(endpoint, request, request.body ?? undefined);
      checkRules(endpoint, message);
      const token = await deps.tokens(endpoint.peer);
      const bytes = Buffer.from(toBinary(endpoint.input, message));
      return deps.gate.run(() =>
        inClientSpan(endpoint, async () => {
          const asBytes = (value: Buffer): Buffer => value;
          const call: ClientReadableStream<Buffer> = deps.peers
            .of(endpoint.peer)
            .makeServerStreamRequest(endpoint.rpc, asBytes, asBytes, bytes, callMetadata(request, token), {
              deadline: deps.now() + deps.transferTimeoutMs,
            });
          clientGone(reply).addEventListener('abort', () => call.cancel(), { once: true });
          const messages = call[Symbol.asyncIterator]();
          const first = await next(messages);
          const { contentType } = piece(endpoint, file, first ?? Buffer.alloc(0));
          const type = safeType.test(contentType) ? contentType : 'application/octet-stream';
          reply.header('content-disposition', 'attachment').type(type);
          await reply.send(Readable.from(data(endpoint, file, first, messages), { objectMode: false }));
          return reply;
        }),
      );
    });
}

async function* data(
  endpoint: Endpoint,
  file: FileFields,
  first: Buffer | undefined,
  messages: AsyncIterator<Buffer>,
): AsyncGenerator<Uint8Array> {
  for (let bytes = first; bytes !== undefined; bytes = await next(messages)) {
    yield piece(endpoint, file, bytes).data;
  }
}

async function next(messages: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  try {
    const { done, value } = await messages.next();
    return done ? undefined : value;
  } catch (error) {
    throw errorFromGrpc(error as ServiceError);
  }
}

function piece({ output }: Endpoint, { data, contentType }: FileFields, bytes: Buffer) {
  const message = reflect(output, fromBinary(output, bytes));
  const value: unknown = message.get(data);
  return {
    data: value instanceof Uint8Array ? value : new Uint8Array(),
    contentType: String(message.get(contentType)),
  };
}
