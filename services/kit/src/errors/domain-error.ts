/** What went wrong, in the terms of the caller. One table (`table.ts`) maps it to gRPC and HTTP. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'stale'
  | 'precondition-required'
  | 'too-many'
  | 'too-large'
  | 'unavailable'
  | 'timeout'
  | 'unsupported'
  | 'internal';

/** One field that was refused: its path as in the request (snake_case), the rule, what it must be. */
export interface Violation {
  readonly field: string;
  readonly rule: string;
  readonly message: string;
}

/**
 * An error that the caller may read. `slug` is its stable name; the message says what is wrong and what to do,
 * and never holds personal data. `cause` stays on this side.
 */
export class DomainError extends Error {
  readonly kind: ErrorKind;
  readonly slug: string;
  readonly violations: readonly Violation[];
  /** Trace of the process that raised it, when it came over the wire. */
  readonly traceId: string | undefined;

  constructor(
    kind: ErrorKind,
    slug: string,
    detail: string,
    options: { violations?: readonly Violation[]; cause?: unknown; traceId?: string } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DomainError';
    this.kind = kind;
    this.slug = slug;
    this.violations = options.violations ?? [];
    this.traceId = options.traceId;
  }
}

/** Raises a `DomainError`. */
export function fail(
  kind: ErrorKind,
  slug: string,
  detail: string,
  violations: readonly Violation[] = [],
): never {
  throw new DomainError(kind, slug, detail, { violations });
}

/** The one answer for a record that does not exist and for one that the caller may not know of. */
export function notFound(subject: string): DomainError {
  return new DomainError('not-found', 'not-found', `No such ${words(subject)}.`);
}

function words(subject: string): string {
  return subject.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ').toLowerCase();
}
