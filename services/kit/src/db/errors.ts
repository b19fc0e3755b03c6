/** What PostgreSQL said, dug out of whatever wrapped it: Prisma's known errors, its raw errors, or `pg` itself. */
interface DatabaseFault {
  /** SQLSTATE, when known. */
  readonly code: string | undefined;
  /** Names of the constraint and of its columns, as far as the driver tells. */
  readonly names: readonly string[];
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function faultOf(error: unknown): DatabaseFault {
  const outer = fieldsOf(error);
  const cause = fieldsOf(fieldsOf(fieldsOf(outer.meta).driverAdapterError).cause);
  const constraint = fieldsOf(cause.constraint);
  const fields = Array.isArray(constraint.fields) ? constraint.fields : [];
  const names = [outer.constraint, constraint.index, ...fields].filter((name) => typeof name === 'string');
  return {
    code: textOf(cause.originalCode) ?? textOf(fieldsOf(outer.meta).code) ?? textOf(outer.code),
    names: names.map((name) => name.replaceAll('"', '')),
    message: `${textOf(cause.originalMessage) ?? ''} ${textOf(outer.message) ?? ''}`,
  };
}

/**
 * Whether an error is a violation of a unique constraint; with `name`, of that one (the name of the constraint, of
 * one of its columns, or of the table).
 */
export function isUniqueViolation(error: unknown, name?: string): boolean {
  const fault = faultOf(error);
  const unique = fault.code === '23505' || fault.code === 'P2002';
  return unique && (name === undefined || fault.names.includes(name) || fault.message.includes(name));
}

/** Whether a transaction failed only because of its neighbours and may be tried again: serialization or deadlock. */
export function isRetryable(error: unknown): boolean {
  const { code } = faultOf(error);
  return code === '40001' || code === '40P01' || code === 'P2034';
}
