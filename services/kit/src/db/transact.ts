import { setTimeout as delay } from 'node:timers/promises';
import { effectsStatement, outboxChannel } from './effects.ts';
import { isRetryable, isUniqueViolation } from './errors.ts';
import { inLane, runInLane } from './lane.ts';
import type { Database, Effects, RawClient, Tx } from './types.ts';
import { wakeRelay } from './wake.ts';

const tries = 4;
const limits = { maxWait: 5_000, timeout: 10_000 };

/**
 * Runs one interactive transaction. The effects that `work` hands back are written in one statement at its end, so rows,
 * outbox, idempotency, audit and inbox stand or fall together. Tried again up to three times on a serialization failure
 * or a deadlock, so `work` must be pure apart from the database.
 */
export async function transact<Db extends Database, T>(
  db: Db,
  work: (tx: Tx<Db>) => Promise<{ readonly value: T; readonly effects: Effects }>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { value, published } = await once(db, work);
      if (published) wakeRelay(db, outboxChannel);
      return value;
    } catch (error) {
      // The same idempotency key, committed between our look-up and our insert: the next try finds it.
      const again = isRetryable(error) || isUniqueViolation(error, 'idempotency_record');
      if (!again || attempt === tries) throw error;
      await delay(Math.random() * 10 * 2 ** attempt);
    }
  }
}

function once<Db extends Database, T>(
  db: Db,
  work: (tx: Tx<Db>) => Promise<{ readonly value: T; readonly effects: Effects }>,
): Promise<{ value: T; published: boolean }> {
  const steps = async (client: object) => {
    // What a client hands to its transaction is itself without connecting and ending.
    const tx = client as Tx<Db> & RawClient;
    const { value, effects } = await work(tx);
    const statement = effectsStatement(effects);
    if (statement !== undefined) await runInLane(tx, statement.sql, statement.values);
    return { value, published: effects.events.length > 0 };
  };
  return inLane(() => db.$transaction(steps, limits));
}
