import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';

/** Connections a process keeps to its database; the relay has one more of its own. */
export const poolSize = 16;
const largestCache = 500;

/**
 * The driver of a service's Prisma client. Statements are prepared once a connection: their texts are few, because
 * values always travel as parameters.
 */
export function databaseAdapter(
  url: string,
  options: { readonly max?: number; readonly name?: string } = {},
): PrismaPg {
  const names = new Map<string, string>();
  const nameOf = (sql: string): string => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    // Lists of varying length make ever new texts; those beyond the limit are not prepared (no name).
    if (names.size >= largestCache) return '';
    const made = `midas_${createHash('sha256').update(sql).digest('base64url').slice(0, 22)}`;
    names.set(sql, made);
    return made;
  };
  return new PrismaPg(
    {
      connectionString: url,
      max: options.max ?? poolSize,
      application_name: options.name ?? 'midas',
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
    },
    // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
    {
      statementNameGenerator: ({ sql }) => nameOf(sql),
      onPoolError: () => undefined,
      onConnectionError: () => undefined,
    },
  );
}
