import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import {
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { DomainError, errorToGrpc } from '@midas/kit';
import type { Endpoint } from '../contract/endpoint.ts';

/** How a fake treats the files of the probe service. */
export interface FeedScript {
  /** Called for every piece taken in; what it throws refuses the file. */
  readonly take?: (piece: JsonObject, index: number) => void | Promise<void>;
  /** The pieces given out; what it throws breaks the file off. */
  readonly give?: () => AsyncIterable<JsonObject>;
}

/** A real gRPC server for the two streams of the probe service. */
export async function fakeFeed(endpoints: readonly Endpoint[], script: () => FeedScript) {
  const server = new Server();
  const cancelled: string[] = [];
  for (const { rpc, input, output, shape } of endpoints) {
    if (shape === 'unary') continue;
    const codec = {
      path: rpc,
      requestStream: shape === 'upload',
      responseStream: shape === 'download',
      requestSerialize: (value: JsonObject) => bytesOf(input, value),
      requestDeserialize: (bytes: Buffer) => jsonOf(input, bytes),
      responseSerialize: (value: JsonObject) => bytesOf(output, value),
      responseDeserialize: (bytes: Buffer) => jsonOf(output, bytes),
    };
    const upload = (call: ServerReadableStream<JsonObject, JsonObject>, done: sendUnaryData<JsonObject>) => {
      call.on('cancelled', () => cancelled.push(rpc));
      receive(call, script()).then(
        (answer) => done(null, answer),
        (error: unknown) => done(asGrpc(error)),
      );
    };
    const download = (call: ServerWritableStream<JsonObject, JsonObject>) => {
      call.on('cancelled', () => cancelled.push(rpc));
      send(call, script()).catch((error: unknown) => call.emit('error', asGrpc(error)));
    };
    server.addService({ [rpc]: codec }, { [rpc]: shape === 'upload' ? upload : download });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}`, cancelled, stop: () => server.forceShutdown() };
}

async function receive(call: AsyncIterable<JsonObject>, { take }: FeedScript): Promise<JsonObject> {
  let size = 0;
  let pieces = 0;
  let feed: JsonObject = {};
  for await (const piece of call) {
    await take?.(piece, pieces);
    if (pieces === 0) feed = piece;
    pieces += 1;
    size += Buffer.from(String(piece.data ?? ''), 'base64').length;
  }
  return { feed_id: `${feed.feed_id} ${feed.content_type}`, size, pieces };
}

async function send(call: ServerWritableStream<JsonObject, JsonObject>, { give }: FeedScript): Promise<void> {
  for await (const piece of give?.() ?? []) {
    if (!call.write(piece)) await new Promise((resolve) => call.once('drain', resolve));
  }
  call.end();
}

function asGrpc(error: unknown) {
  return error instanceof DomainError ? errorToGrpc(error, '') : { code: 13, details: 'broken' };
}

function bytesOf(desc: DescMessage, value: JsonObject): Buffer {
  return Buffer.from(toBinary(desc, Object.keys(value).length === 0 ? create(desc) : fromJson(desc, value)));
}

function jsonOf(desc: DescMessage, bytes: Buffer): JsonObject {
  return { ...Object(toJson(desc, fromBinary(desc, bytes), { useProtoFieldName: true })) };
}
