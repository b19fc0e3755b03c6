import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError, type ErrorKind, notFound } from './domain-error.ts';
import { errorTable } from './table.ts';
import { errorFromGrpc, errorToGrpc, toDomainError } from './wire.ts';

const kinds = Object.keys(errorTable) as ErrorKind[];

function serviceError(code: status, metadata = new Metadata(), details = ''): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata });
}

describe('the table', () => {
  it('reads both ways: no two kinds share a gRPC status', () => {
    expect(new Set(kinds.map((kind) => errorTable[kind].grpc)).size).toBe(kinds.length);
  });

  it('gives each kind an HTTP error status of its own', () => {
    const codes = kinds.map((kind) => errorTable[kind].http);
    expect(new Set(codes).size).toBe(kinds.length);
    expect(codes.every((code) => code >= 400 && code < 600)).toBe(true);
  });
});

describe('an error on the wire', () => {
  it('arrives as it was sent', () => {
    const violation = fc.record({ field: fc.string(), rule: fc.string(), message: fc.string() });
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.string(),
        fc.string(),
        fc.array(violation, { maxLength: 3 }),
        (kind, slug, detail, violations) => {
          const sent = errorToGrpc(new DomainError(kind, slug, detail, { violations }), 'trace-1');
          const error = serviceError(sent.code ?? status.UNKNOWN, sent.metadata, sent.details);
          const received = errorFromGrpc(error);
          expect(received).toMatchObject({ kind, slug, message: detail, violations, traceId: 'trace-1' });
        },
      ),
    );
  });

  it('keeps the trace of where it began', () => {
    const sent = errorToGrpc(new DomainError('conflict', 'taken', 'Taken.', { traceId: 'first' }), 'second');
    expect(errorFromGrpc(serviceError(status.ALREADY_EXISTS, sent.metadata)).traceId).toBe('first');
  });

  it.each([
    [status.UNAVAILABLE, 'unavailable'],
    [status.DEADLINE_EXCEEDED, 'timeout'],
    [status.CANCELLED, 'timeout'],
    [status.UNKNOWN, 'internal'],
    [status.DATA_LOSS, 'internal'],
    [status.PERMISSION_DENIED, 'forbidden'],
  ])('with status %i and no detail of ours is told in generic words', (code, kind) => {
    const error = errorFromGrpc(serviceError(code, new Metadata(), 'connect ECONNREFUSED 10.0.0.1:5'));
    expect(error).toMatchObject({ kind, slug: kind });
    expect(error.message).not.toContain('10.0.0.1');
  });

  it('that is no ErrorDetail is told by its status', () => {
    const metadata = new Metadata();
    metadata.set('midas-error-bin', Buffer.from([0xff, 0xff]));
    expect(errorFromGrpc(serviceError(status.NOT_FOUND, metadata)).kind).toBe('not-found');
  });

  it('about a message over the limit is too-large, not too-many', () => {
    const details = 'Received message larger than max (5 vs 4)';
    expect(errorFromGrpc(serviceError(status.RESOURCE_EXHAUSTED, new Metadata(), details)).kind).toBe(
      'too-large',
    );
  });
});

it('keeps the text of an unknown error on this side', () => {
  const error = toDomainError(new Error('secret words'), 'abc');
  expect(error).toMatchObject({ kind: 'internal', slug: 'internal' });
  expect(error.message).toContain('abc');
  expect(error.message).not.toContain('secret');
  expect(JSON.stringify(errorToGrpc(error, 'abc'))).not.toContain('secret');
});

it('says that a record is not there in words, not in code', () => {
  expect(notFound('LongThing').message).toBe('No such long thing.');
});
