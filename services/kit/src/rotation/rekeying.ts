import type { KeyRing } from '../config/key-ring.ts';
import type { SealedPlace, ServiceSealer } from '../db/sealer.ts';
import type { Database } from '../db/types.ts';
import type { EventLog } from '../events/log.ts';
import { allHave } from './holders.ts';
import { type KeyedIndex, rebuildIndex } from './keyed-index.ts';
import { type Batch, resealBatch } from './reseal.ts';

interface Options<Db> {
  readonly db: Db;
  readonly keyRing: KeyRing;
  readonly sealer: ServiceSealer;
  readonly indexes: readonly KeyedIndex<Db>[];
  readonly log: EventLog;
  readonly batchSize?: number;
}

/** Rests for so many milliseconds; `false` when the work is to end. */
type GoOn = (ms: number) => Promise<boolean>;

const firstId = '00000000-0000-0000-0000-000000000000';

/**
 * Makes the function of one pass over everything that depends on a key; it returns how many values it made anew. Each
 * batch is a transaction of its own, and followed by as long a rest as it took.
 */
export function rekeying<Db extends Database>(options: Options<Db>): (goOn: GoOn) => Promise<number> {
  const { db, keyRing, sealer, indexes, log, batchSize = 100 } = options;
  const said = new Set<string>();
  const sayOnce = (fields: Readonly<Record<string, string>>, text: string): void => {
    const name = Object.values(fields).join(' ');
    if (!said.has(name)) log.error(fields, text);
    said.add(name);
  };
  const resealAll = async ({ table, column }: SealedPlace, between: () => Promise<boolean>) => {
    let resealed = 0;
    let after: string | undefined = firstId;
    while (after !== undefined && (await between())) {
      const batch: Batch = await resealBatch(db, {
        sealer,
        place: { table, column },
        after,
        active: keyRing.active,
        limit: batchSize,
      });
      after = batch.last;
      resealed += batch.resealed;
      for (const id of batch.broken) sayOnce({ table, column, id }, 'a sealed value does not open');
    }
    return resealed;
  };
  const rebuild = async (index: KeyedIndex<Db>, between: () => Promise<boolean>) => {
    const { index: keyId } = keyRing;
    // A process without the key would no longer find what stands under it.
    if (!(await allHave(db, keyId))) return 0;
    const { found, left } = await rebuildIndex(db, index, { keyId, batchSize, between });
    if (left === found && left > 0)
      sayOnce({ table: index.table, keyId }, 'rows of a blind index have nothing to be made of');
    return found - left;
  };
  return async (goOn) => {
    const between = paced(goOn);
    let done = 0;
    // Alone in the ring, a key has sealed whatever it can open.
    if (Object.keys(keyRing.keys).length > 1)
      for (const place of sealer.places()) done += await resealAll(place, between);
    for (const index of indexes) done += await rebuild(index, between);
    return done;
  };
}

/** Rests for as long as the work since the last rest took. */
function paced(goOn: GoOn): () => Promise<boolean> {
  let begun = performance.now();
  return async () => {
    const isWanted = await goOn(performance.now() - begun);
    begun = performance.now();
    return isWanted;
  };
}
