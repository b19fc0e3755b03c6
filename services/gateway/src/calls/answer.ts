import type { JsonObject } from '@bufbuild/protobuf';
import type { FastifyRequest } from 'fastify';
import type { Endpoint } from '../contract/endpoint.ts';

/** Whether an `If-None-Match` header names the tag; the comparison of RFC 9110 for it is the weak one. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const strong = (tag: string) => tag.trim().replace(/^W\//, '');
  return header.split(',').some((tag) => strong(tag) === strong(etag));
}

/** Path of the record that a POST made, from the path asked and the id in the answer. */
export function locationUrl(
  endpoint: Endpoint,
  request: FastifyRequest,
  json: JsonObject,
): string | undefined {
  const last = endpoint.location?.segments.at(-1);
  if (last?.kind !== 'variable') return undefined;
  const id = json[last.field];
  return typeof id === 'string' ? `${request.url.split('?', 1)[0]}/${encodeURIComponent(id)}` : undefined;
}
