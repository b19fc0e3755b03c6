import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';

/** Codes of gRPC, as far as these tests name them. */
export const grpcCode = {
  ok: 0,
  invalid: 3,
  notFound: 5,
  forbidden: 7,
  conflict: 6,
  stale: 10,
  unavailable: 14,
  unauthenticated: 16,
} as const;

type Header = readonly [name: string, value: string];

const usual = (address: string, path: string): readonly Header[] => [
  [':method', 'POST'],
  [':path', path],
  [':scheme', 'http'],
  [':authority', address],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];
// No compression, no bytes.
const emptyMessage = Buffer.alloc(5);

/**
 * Calls an RPC straight at a service's port, with these headers and no other, with an empty message unless one is given.
 * Returns the code of gRPC.
 */
export async function grpcRaw(
  address: string,
  path: string,
  headers: readonly Header[],
  message?: Uint8Array,
): Promise<number> {
  const session = connect(`http://${address}`);
  try {
    return await new Promise<number>((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request([...usual(address, path), ...headers].flat());
      const take = (received: Readonly<Record<string, unknown>>): void => {
        const status = received['grpc-status'];
        if (status !== undefined) resolve(Number(status));
      };
      stream.on('response', take).on('trailers', take).on('error', reject).resume();
      stream.on('close', () => reject(new Error('the call ended without a status')));
      stream.end(message === undefined ? emptyMessage : framed(message));
    });
  } finally {
    session.close();
  }
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/**
 * The same by hand-made frames of HTTP/2, since Node would not send a header such as `authorization` twice. Returns
 * whether the RPC was answered with a message; a refusal comes without one.
 */
export function grpcFrames(address: string, path: string, headers: readonly Header[]): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  const block = Buffer.concat([...usual(address, path), ...headers].map(literal));
  return new Promise((resolve, reject) => {
    const socket = connectTcp(Number(port), host, () => {
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      socket.write(frame(frameType.settings, 0, 0, Buffer.alloc(0)));
      socket.write(frame(frameType.headers, endHeaders, 1, block));
      socket.write(frame(frameType.data, endStream, 1, emptyMessage));
    });
    let received = Buffer.alloc(0);
    const settle = (answered: boolean): void => {
      resolve(answered);
      socket.destroy();
    };
    socket.on('error', reject).on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 9 && received.length >= 9 + received.readUIntBE(0, 3)) {
        const length = received.readUIntBE(0, 3);
        const [type, flags, stream] = [received[3], received[4] ?? 0, received.readUInt32BE(5)];
        received = received.subarray(9 + length);
        if (stream !== 1) continue;
        if (type === frameType.data) settle(true);
        else if (type === frameType.reset || (flags & endStream) !== 0) settle(false);
      }
    });
  });
}

const frameType = { data: 0, headers: 1, reset: 3, settings: 4 } as const;
const endStream = 0x1;
const endHeaders = 0x4;

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header as HPACK writes one that is in no table (RFC 7541, 6.2.2), without Huffman coding. */
function literal([name, value]: Header): Buffer {
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}
