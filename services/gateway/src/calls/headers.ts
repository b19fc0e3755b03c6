import { Metadata } from '@grpc/grpc-js';
import { fail } from '@midas/kit';
import { context, propagation } from '@opentelemetry/api';
import type { FastifyRequest } from 'fastify';
import type { Endpoint } from '../contract/endpoint.ts';

/** Form of the headers that are passed on; anything else could not travel as gRPC metadata or would be abuse. */
const forms = {
  'idempotency-key': /^[\x21-\x7e]{1,200}$/,
  'if-match': /^(?:\*|(?:W\/)?"[\x21\x23-\x7e]{1,255}")$/,
  'x-purpose': /^[a-z][a-z-]{0,39}$/,
} as const;

const forwarded = Object.keys(forms) as (keyof typeof forms)[];

/** Refuses a changing POST without `Idempotency-Key`, and passed-on headers that are not well-formed. */
export function checkHeaders(endpoint: Endpoint, request: FastifyRequest): void {
  for (const name of forwarded) {
    const value = request.headers[name];
    if (value !== undefined && (typeof value !== 'string' || !forms[name].test(value))) {
      const violation = { field: name, rule: 'header', message: 'is not well-formed' };
      fail('invalid', 'bad-header', `The header ${name} is not well-formed.`, [violation]);
    }
  }
  if (
    endpoint.verb === 'POST' &&
    endpoint.contract.changing &&
    request.headers['idempotency-key'] === undefined
  ) {
    const violation = { field: 'Idempotency-Key', rule: 'required', message: 'the header must be given' };
    fail('invalid', 'idempotency-key-required', 'A POST needs the header Idempotency-Key.', [violation]);
  }
}

/** What travels beside the message: the gateway's credential for that service, the user's token, the trace. */
export function callMetadata(request: FastifyRequest, serviceToken: string): Metadata {
  request.passedOn = true;
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${serviceToken}`);
  metadata.set('x-request-id', request.id);
  if (request.bearer !== undefined) metadata.set('x-user-authorization', `Bearer ${request.bearer.token}`);
  for (const name of forwarded) {
    const value = request.headers[name];
    if (typeof value === 'string') metadata.set(name, value);
  }
  propagation.inject(context.active(), metadata, { set: (carrier, key, value) => carrier.set(key, value) });
  return metadata;
}
