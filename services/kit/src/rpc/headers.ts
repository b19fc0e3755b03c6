import type { Metadata } from '@grpc/grpc-js';
import { fail } from '../errors/domain-error.ts';

/** The one value of a text header; empty when absent. Two values are refused: which one counts would be a guess. */
export function header(metadata: Metadata, name: string): string {
  const values = metadata.get(name);
  const [value] = values;
  if (values.length > 1) return fail('invalid', 'invalid-header', `The header ${name} was sent twice.`);
  return typeof value === 'string' ? value : '';
}

const shapes: Readonly<Record<string, RegExp>> = {
  'idempotency-key': /^[\x21-\x7e]{1,200}$/,
  'if-match': /^[\x20-\x7e]{1,1000}$/,
  'x-purpose': /^[a-z][a-z-]{0,39}$/,
};

/** A header whose text goes on (database, audit), checked for shape; empty when absent. */
export function checkedHeader(metadata: Metadata, name: keyof typeof shapes & string): string {
  const value = header(metadata, name);
  if (value !== '' && shapes[name]?.test(value) !== true) {
    return fail('invalid', 'invalid-header', `The header ${name} is not well-formed.`);
  }
  return value;
}

/** The token of a `Bearer` header; undefined when the header is absent or of another scheme. */
export function bearer(metadata: Metadata, name: string): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header(metadata, name))?.[1];
}

/** Text headers as OpenTelemetry's propagators read them. */
export function carrierOf(metadata: Metadata): Record<string, string> {
  const carrier: Record<string, string> = {};
  for (const name of ['traceparent', 'tracestate']) {
    const value = metadata.get(name)[0];
    if (typeof value === 'string') carrier[name] = value;
  }
  return carrier;
}
