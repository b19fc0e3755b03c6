import { DomainError, type ErrorKind, errorTable, type Violation } from '@midas/kit';

/** An RFC 9457 problem document, and the headers that belong to it. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly document: {
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly detail: string;
    readonly instance: string;
    readonly slug: string;
    readonly violations?: readonly Violation[];
  };
}

export const problemType = 'application/problem+json';

/** Seconds after which a caller may well try again when a service was down or the gateway full. */
const retryAfter = '2';

const headersOf: Partial<Record<ErrorKind, Readonly<Record<string, string>>>> = {
  unauthenticated: { 'www-authenticate': 'Bearer realm="midas"' },
  unavailable: { 'retry-after': retryAfter },
};

/** The problem that a thrown error becomes. Errors that are not ours become a generic one with the trace id. */
export function problemOf(error: unknown, traceId: string): Problem {
  const known = error instanceof DomainError ? error : frameworkError(error);
  if (known === undefined) {
    return build('internal', 'internal', `Something went wrong on our side. Trace ${traceId}.`, traceId, []);
  }
  return build(known.kind, known.slug, known.message, traceId, known.violations);
}

/** Refusals that only HTTP knows: of no kind that a service could raise. */
const httpRefusals = {
  'method-not-allowed': [405, 'Method not allowed', 'This path does not answer this method.'],
  'too-slow': [408, 'Request timeout', 'The request did not arrive in time.'],
  'url-too-long': [414, 'URL too long', 'The path and query are longer than this server accepts.'],
  'too-many-parameters': [400, 'Invalid request', 'The query has more parameters than this server accepts.'],
  'too-many-headers': [431, 'Header fields too large', 'The headers are more than this server accepts.'],
  'bad-request': [400, 'Invalid request', 'The request is not well-formed.'],
} as const;

/** The problem of a refusal that only HTTP knows. */
export function refusedByHttp(slug: keyof typeof httpRefusals, traceId: string): Problem {
  const [status, title, detail] = httpRefusals[slug];
  return { status, headers: {}, document: documentOf(slug, status, title, detail, traceId) };
}

/** 405: the path exists, with other verbs. */
export function methodNotAllowed(allowed: readonly string[], traceId: string): Problem {
  return { ...refusedByHttp('method-not-allowed', traceId), headers: { allow: allowed.join(', ') } };
}

function build(
  kind: ErrorKind,
  slug: string,
  detail: string,
  traceId: string,
  violations: readonly Violation[],
): Problem {
  const { http, title } = errorTable[kind];
  const document = documentOf(slug, http, title, detail, traceId);
  return {
    status: http,
    headers: headersOf[kind] ?? {},
    document: violations.length > 0 ? { ...document, violations } : document,
  };
}

function documentOf(
  slug: string,
  status: number,
  title: string,
  detail: string,
  traceId: string,
): Problem['document'] {
  return {
    type: `urn:midas:problem:${slug}`,
    title,
    status,
    detail,
    instance: `urn:midas:trace:${traceId}`,
    slug,
  };
}

/** Fastify's own refusals, in our words: its messages may quote the request. */
function frameworkError(error: unknown): DomainError | undefined {
  const { code, statusCode } = Object(error) as { readonly code?: unknown; readonly statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new DomainError('too-large', 'body-too-large', 'The body is larger than this path accepts.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new DomainError('unsupported', 'media-type', 'Send the body as application/json.');
    case 'FST_ERR_BAD_URL':
      return new DomainError('invalid', 'bad-url', 'The path is not well-formed.');
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new DomainError('invalid', 'bad-request', 'The request is not well-formed.');
  }
  return undefined;
}
