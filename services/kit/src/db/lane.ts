import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import pg from 'pg';
import type { RawClient } from './types.ts';

/*
 * Kit's own statements in a transaction go to the connection itself: through Prisma's raw queries each costs several
 * times the processor time of the statement. Prisma still begins, commits and rolls back. The connection is known only
 * from when Prisma took it for this transaction until it gives it back, so a statement can never end up in another one.
 */
interface Lane {
  client: pg.PoolClient | undefined;
  taken: boolean;
}

const lanes = new AsyncLocalStorage<Lane>();

/** Runs `work`, which begins one transaction on a client over `lendingPool`. */
export const inLane = <T>(work: () => Promise<T>): Promise<T> =>
  lanes.run({ client: undefined, taken: false }, work);

/** A pool that notes which connection a transaction took. */
export function lendingPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config);
  const lend = pool.connect.bind(pool);
  const noted = async (): Promise<pg.PoolClient> => {
    const lane = lanes.getStore();
    const client = await lend();
    // A second connection of the same call belongs to a transaction within the transaction.
    if (lane === undefined || lane.taken) return client;
    lane.client = client;
    lane.taken = true;
    const release = client.release.bind(client);
    client.release = (error) => {
      lane.client = undefined;
      release(error);
    };
    return client;
  };
  // The form with a callback is the pool's own way to run single statements.
  const connect = (callback?: Parameters<typeof lend>[0]) =>
    callback === undefined ? noted() : lend(callback);
  pool.connect = connect as typeof pool.connect;
  return pool;
}

/** Runs one of kit's statements in the present transaction and returns its rows. Values are passed as text. */
export async function runInLane<Row extends object>(
  tx: RawClient,
  sql: string,
  values: readonly string[],
): Promise<readonly Row[]> {
  const client = lanes.getStore()?.client;
  if (client === undefined) return tx.$queryRawUnsafe<readonly Row[]>(sql, ...values);
  const { rows } = await client.query<Row>({ name: statementName(sql), text: sql, values: [...values] });
  return rows;
}

const names = new Map<string, string>();
const largestCache = 500;

/**
 * Name under which a statement is prepared once a connection. Lists of varying length make ever new texts: those beyond
 * the limit have the empty name and are not kept.
 */
export function statementName(sql: string): string {
  const known = names.get(sql);
  if (known !== undefined) return known;
  if (names.size >= largestCache) return '';
  const made = `midas_${createHash('sha256').update(sql).digest('base64url').slice(0, 22)}`;
  names.set(sql, made);
  return made;
}
