import { inSpan } from '@midas/kit';
import type { Endpoint } from '../contract/endpoint.ts';

/** Runs a call to a service inside a client span. */
export function inClientSpan<T>({ rpc, method }: Endpoint, work: () => Promise<T>): Promise<T> {
  const attributes = {
    'rpc.system': 'grpc',
    'rpc.service': method.parent.typeName,
    'rpc.method': method.name,
  };
  return inSpan(rpc.slice(1), 'client', attributes, work);
}
