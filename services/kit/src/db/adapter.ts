import { PrismaPg } from '@prisma/adapter-pg';
import { lendingPool, statementName } from './lane.ts';

/** Connections a process keeps to its database; the relay has one more of its own. */
const poolSize = 16;

/**
 * The driver of a service's Prisma client. Statements are prepared once a connection: their texts are few, because
 * values always travel as parameters.
 */
export function databaseAdapter(
  url: string,
  options: { readonly max?: number; readonly name?: string } = {},
): PrismaPg {
  const pool = lendingPool({
    connectionString: url,
    max: options.max ?? poolSize,
    application_name: options.name ?? 'midas',
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  return new PrismaPg(pool, {
    disposeExternalPool: true,
    statementNameGenerator: ({ sql }) => statementName(sql),
    // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
    onPoolError: () => undefined,
    onConnectionError: () => undefined,
  });
}
