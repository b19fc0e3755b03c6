import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { ErrorDetail } from '@midas/proto/contract/v1/errors';
import { DomainError, type ErrorKind } from './domain-error.ts';
import { errorTable, kindOfStatus } from './table.ts';

const trailer = 'midas-error-bin';

/** Text for errors whose own words must not leave the process. */
const generic: Readonly<Record<ErrorKind, string>> = {
  invalid: 'The request could not be understood.',
  unauthenticated: 'The call was not authenticated.',
  forbidden: 'You are not permitted to do this.',
  'not-found': 'Not found.',
  conflict: 'The request conflicts with the present state.',
  stale: 'The record has changed since it was read.',
  'precondition-required': 'The version of the record is required.',
  'too-many': 'Too many requests.',
  'too-large': 'The message is too large.',
  unavailable: 'A service that is needed for this cannot be reached. Try again later.',
  timeout: 'The call took too long. Try again later.',
  unsupported: 'This is not supported.',
  internal: 'Something went wrong on our side.',
};

/** Any thrown thing as an error that may leave the process: unknown ones become generic, with the cause kept here. */
export function toDomainError(error: unknown, traceId: string): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError('internal', 'internal', `${generic.internal} Trace ${traceId || 'unknown'}.`, {
    cause: error,
  });
}

/** A `DomainError` as grpc-js wants it in a handler's callback: status, text and the detail trailer. */
export function errorToGrpc(error: DomainError, traceId: string): Partial<ServiceError> {
  const metadata = new Metadata();
  const detail = ErrorDetail.encode({
    slug: error.slug,
    detail: error.message,
    violations: error.violations.map((violation) => ({ ...violation })),
    traceId: error.traceId ?? traceId,
  }).finish();
  metadata.set(trailer, Buffer.from(detail));
  return { code: errorTable[error.kind].grpc, details: error.message, metadata };
}

/** The error of a failed call, for clients. One without our trailer is told in generic words by its status. */
export function errorFromGrpc(error: ServiceError): DomainError {
  const raw = error.metadata?.get(trailer)[0];
  const kind = kindOfStatus(error.code);
  if (raw instanceof Buffer) {
    try {
      const { slug, detail, violations, traceId } = ErrorDetail.decode(raw);
      return new DomainError(kind, slug, detail, { violations, traceId, cause: error });
    } catch {
      // A trailer that does not decode says no more than the status does.
    }
  }
  const tooLarge = kind === 'too-many' && error.details.includes('larger than max');
  const shown = tooLarge ? 'too-large' : kind;
  return new DomainError(shown, shown, generic[shown], { cause: error });
}
