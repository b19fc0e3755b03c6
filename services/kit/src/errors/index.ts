export { DomainError, type ErrorKind, fail, notFound, type Violation } from './domain-error.ts';
export { type ErrorRow, errorTable } from './table.ts';
export { errorFromGrpc, errorToGrpc, toDomainError } from './wire.ts';
