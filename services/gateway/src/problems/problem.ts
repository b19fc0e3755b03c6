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

/** 405: the path exists, with other verbs. It is of no kind that a service could raise. */
export function methodNotAllowed(allowed: readonly string[], traceId: string): Problem {
  const allow = allowed.join(', ');
  const detail = `This path answers ${allow} only.`;
  const problem = build('unsupported', 'method-not-allowed', detail, traceId, []);
  return {
    status: 405,
    headers: { allow },
    document: { ...problem.document, title: 'Method not allowed', status: 405 },
  };
}

function build(
  kind: ErrorKind,
  slug: string,
  detail: string,
  traceId: string,
  violations: readonly Violation[],
): Problem {
  const { http, title } = errorTable[kind];
  return {
    status: http,
    headers: headersOf[kind] ?? {},
    document: {
      type: `urn:midas:problem:${slug}`,
      title,
      status: http,
      detail,
      instance: `urn:midas:trace:${traceId}`,
      slug,
      ...(violations.length > 0 ? { violations } : {}),
    },
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
