import { status } from '@grpc/grpc-js';
import type { ErrorKind } from './domain-error.ts';

/** How a kind of error looks outside: gRPC status, HTTP status, title of the problem document. */
export interface ErrorRow {
  readonly grpc: status;
  readonly http: number;
  readonly title: string;
}

/** The one table. No two kinds share a gRPC status, so that it reads both ways. */
export const errorTable: Readonly<Record<ErrorKind, ErrorRow>> = {
  invalid: { grpc: status.INVALID_ARGUMENT, http: 400, title: 'Invalid request' },
  unauthenticated: { grpc: status.UNAUTHENTICATED, http: 401, title: 'Not signed in' },
  forbidden: { grpc: status.PERMISSION_DENIED, http: 403, title: 'Not permitted' },
  'not-found': { grpc: status.NOT_FOUND, http: 404, title: 'Not found' },
  conflict: { grpc: status.ALREADY_EXISTS, http: 409, title: 'Conflict' },
  stale: { grpc: status.ABORTED, http: 412, title: 'Changed since it was read' },
  'precondition-required': { grpc: status.FAILED_PRECONDITION, http: 428, title: 'Version required' },
  'too-many': { grpc: status.RESOURCE_EXHAUSTED, http: 429, title: 'Too many requests' },
  'too-large': { grpc: status.OUT_OF_RANGE, http: 413, title: 'Too large' },
  unavailable: { grpc: status.UNAVAILABLE, http: 503, title: 'Unavailable' },
  timeout: { grpc: status.DEADLINE_EXCEEDED, http: 504, title: 'Timed out' },
  unsupported: { grpc: status.UNIMPLEMENTED, http: 415, title: 'Not supported' },
  internal: { grpc: status.INTERNAL, http: 500, title: 'Internal error' },
};

const kinds = new Map<status, ErrorKind>();
for (const [kind, row] of Object.entries(errorTable)) kinds.set(row.grpc, kind as ErrorKind);

/** Kind of a gRPC status. A cancelled call counts as timed out; a status outside the table is `internal`. */
export function kindOfStatus(code: status): ErrorKind {
  if (code === status.CANCELLED) return 'timeout';
  return kinds.get(code) ?? 'internal';
}
