import { setTimeout as delay } from 'node:timers/promises';
import type { LiveKeyRing } from '../config/live-key-ring.ts';
import { newId } from '../db/ids.ts';
import type { SealedPlace, ServiceSealer } from '../db/sealer.ts';
import type { Database } from '../db/types.ts';
import type { EventLog } from '../events/log.ts';
import { allAgree, announce, declare, type Holder, type KeyedColumn, withdraw } from './holders.ts';
import type { KeyedIndex } from './keyed-index.ts';
import { rekeying } from './rekeying.ts';

export interface RotationOptions<Db extends Database> {
  readonly db: Db;
  readonly keyRing: LiveKeyRing;
  readonly sealer: ServiceSealer;
  readonly indexes: readonly KeyedIndex<Db>[];
  readonly log: EventLog;
  readonly batchSize?: number;
  /** How often this process says which keys it holds, and looks again after a pass that found something. */
  readonly beatMs?: number;
  /** How long every process must have had the same keys before a pass that finds nothing is the last. */
  readonly settleMs?: number;
}

export interface Rotation {
  start(): void;
  /** Ends the batch under way and stops. */
  drain(): Promise<void>;
}

// The longest that a timer takes, 24 days.
const untilChange = 2 ** 31 - 1;

/**
 * Brings every value under the keys in force, beside the calls: whenever the ring changes, and at the start, since a
 * process before this one may have been broken off. Two processes at the same work do no harm: what one has done, the
 * other no longer finds.
 */
export function rotation<Db extends Database>(options: RotationOptions<Db>): Rotation {
  const { db, keyRing, sealer, indexes, log, beatMs = 5_000, settleMs = 30_000 } = options;
  const pass = rekeying(options);
  const stopping = new AbortController();
  let changed = new AbortController();
  let holder: Holder = { id: newId(), since: new Date() };
  let running: Promise<unknown> | undefined;

  const stopObserving = keyRing.onChange(() => {
    holder = { ...holder, since: new Date() };
    changed.abort();
    changed = new AbortController();
  });
  const say = async (): Promise<number> => {
    await announce(db, keyRing, holder);
    return beatMs;
  };
  const work = async (goOn: (ms: number) => Promise<boolean>): Promise<number> => {
    await declare(db, columnsOf(sealer.places(), indexes));
    // Asked before the pass: what somebody wrote with older keys before they agreed, the pass finds.
    const agreed = await allAgree(db, keyRing, settleMs);
    const done = await pass(goOn);
    if (done > 0)
      log.info({ active: keyRing.active, values: done }, 'values brought under the keys in force');
    if (done > 0) return beatMs;
    return agreed ? untilChange : settleMs;
  };
  /** Does one thing again and again, with the rest that it asks for, and at once when the ring has changed. */
  const again = async (
    trouble: string,
    once: (goOn: (ms: number) => Promise<boolean>) => Promise<number>,
  ): Promise<void> => {
    let isAway = false;
    while (!stopping.signal.aborted) {
      const signal = AbortSignal.any([stopping.signal, changed.signal]);
      const goOn = async (ms: number): Promise<boolean> => {
        if (!signal.aborted) await delay(ms, undefined, { signal }).catch(() => undefined);
        return !signal.aborted;
      };
      const restMs = await once(goOn).catch((error: unknown) => {
        if (!isAway) log.warn({ error }, trouble);
        isAway = true;
        return undefined;
      });
      if (restMs !== undefined) isAway = false;
      await goOn(restMs ?? beatMs);
    }
  };
  return {
    start: () => {
      running ??= Promise.all([
        again('the keys of this process could not be said', say),
        again('values could not be brought under the keys in force', work),
      ]);
    },
    drain: async () => {
      stopObserving();
      stopping.abort();
      await running;
      // What stays of a process whose database is away is forgotten after a while.
      if (running !== undefined) await withdraw(db, holder.id).catch(() => undefined);
    },
  };
}

function columnsOf(
  places: readonly SealedPlace[],
  indexes: readonly { readonly table: string }[],
): readonly KeyedColumn[] {
  return [
    ...places.map((place) => ({ ...place, kind: 'sealed' as const })),
    ...indexes.map(({ table }) => ({ table, column: 'key_id', kind: 'index' as const })),
  ];
}
