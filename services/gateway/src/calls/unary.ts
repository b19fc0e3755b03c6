import { type CallOptions, Metadata, type ServiceError } from '@grpc/grpc-js';
import { errorFromGrpc } from '@midas/kit';
import type { Endpoint } from '../contract/endpoint.ts';
import type { Peers } from './peers.ts';

/** The answer of an RPC: message bytes, and the metadata that came with it. */
export interface Answer {
  readonly bytes: Buffer;
  readonly metadata: Metadata;
}

const asBytes = (bytes: Buffer): Buffer => bytes;

/**
 * One unary call with bytes in and out. Rejects with a `DomainError`: the service's own, or `unavailable` or
 * `timeout`. Aborting the signal cancels the call.
 */
export function callUnary(
  peers: Peers,
  endpoint: Endpoint,
  request: Uint8Array,
  metadata: Metadata,
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let head = new Metadata();
    const options: CallOptions = { deadline };
    const done = (error: ServiceError | null, bytes?: Buffer) => {
      signal.removeEventListener('abort', cancel);
      if (error === null) resolve({ bytes: bytes ?? Buffer.alloc(0), metadata: head });
      else reject(errorFromGrpc(error));
    };
    const bytes = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
    const call = peers
      .of(endpoint.peer)
      .makeUnaryRequest(endpoint.rpc, asBytes, asBytes, bytes, metadata, options, done);
    call.on('metadata', (received: Metadata) => {
      head = received;
    });
    const cancel = () => call.cancel();
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
  });
}
