import { DomainError } from '../errors/domain-error.ts';
import { toDomainError } from '../errors/wire.ts';

/*
 * Codes that say the database could not be reached or had no connection left: Prisma's (P1xxx reach, P2024 pool,
 * P2028 a transaction that could not start or was lost), PostgreSQL's classes 08, 53 and 57P, 55000 for a database
 * that an operator has closed to connections, and the network's own.
 */
const away =
  /^(P1001|P1002|P1008|P1017|P2024|P2028|08\w{3}|53\w{3}|55000|57P\w{2}|ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/;
const awayNames = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'TooManyConnections',
  'SocketTimeout',
]);
const awayTexts =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

/** What left a handler as an error that may be answered: ours as it is, a lost database as `unavailable`. */
export function answerable(error: unknown, traceId: string): DomainError {
  if (error instanceof DomainError) return error;
  if (isDatabaseAway(error)) {
    return new DomainError(
      'unavailable',
      'database-unavailable',
      'The data cannot be reached at the moment. Try again shortly.',
      { cause: error },
    );
  }
  return toDomainError(error, traceId);
}

/** Whether an error, or what caused it, says that the database is away. */
function isDatabaseAway(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 4) return false;
  const { code, kind, originalCode, message, cause, meta } = error as Readonly<Record<string, unknown>>;
  const driver = (meta as Readonly<Record<string, unknown>> | undefined)?.driverAdapterError;
  return (
    [code, originalCode].some((item) => typeof item === 'string' && away.test(item)) ||
    (typeof kind === 'string' && awayNames.has(kind)) ||
    (typeof message === 'string' && awayTexts.test(message)) ||
    isDatabaseAway(cause, depth + 1) ||
    isDatabaseAway(driver, depth + 1)
  );
}
