import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { userError } from '../errors.ts';
import { withClient } from '../migrate/index.ts';
import type { Progress, Task } from '../progress/index.ts';
import { addedKey, inForce, type Ring, readRing, spareKeys, withNewKey, writeRing } from './ring.ts';
import { type Holder, holders, type KeyUse, keyUses } from './uses.ts';

export type RotateOptions = {
  readonly service: string;
  readonly ringFile: string;
  /** The service's own database, as a role that may read it. */
  readonly databaseUrl: string;
  readonly progress: Progress;
  /** How long every process must have had the new key in force; longer than a transaction lasts. */
  readonly settleSeconds?: number;
  /** How long it may go on without anything moving. */
  readonly patienceSeconds?: number;
};

export type Rotated = {
  readonly service: string;
  /** The key in force now. */
  readonly active: string;
  /** Values that were brought under it while this command watched. */
  readonly values: number;
  /** Keys of the ring that nothing uses any more. */
  readonly unused: readonly string[];
};

const POLL_MS = 250;

const sum = (uses: readonly KeyUse[]): number => uses.reduce((total, { values }) => total + values, 0);
const notUnder = (uses: readonly KeyUse[], keyId: string): readonly KeyUse[] =>
  uses.filter(({ key }) => key !== keyId);

/** Asks again and again; throws when the answer to `measure` has not changed for too long. */
const watch = async <T>(
  check: () => Promise<{ readonly done?: T; readonly measure: string }>,
  patienceSeconds: number,
): Promise<T> => {
  let last = '';
  let since = Date.now();
  for (;;) {
    const begun = Date.now();
    const { done, measure } = await check();
    if (done !== undefined) return done;
    if (measure !== last) since = Date.now();
    last = measure;
    if (Date.now() - since > patienceSeconds * 1_000)
      throw userError(
        `Nothing has moved for ${patienceSeconds} s: ${measure}.`,
        'See the service’s log, then run the command again: it goes on where it was.',
      );
    // Counting takes a quarter of the time at most.
    await delay(Math.max(POLL_MS, 3 * (Date.now() - begun)));
  }
};

const requireHolders = async (client: pg.Client, service: string): Promise<void> => {
  if ((await holders(client)).length > 0) return;
  throw userError(
    `No process of ${service} runs, and values are brought under a new key by the service itself.`,
    'Start it (`midas up`), then run the command again.',
  );
};

/** The key to bring everything under: that of a rotation that was broken off, else a new one. */
const begin = async (
  client: pg.Client,
  { ringFile }: RotateOptions,
): Promise<{ readonly ring: Ring; readonly keyId: string }> => {
  const ring = await readRing(ringFile);
  const added = addedKey(ring);
  if (added !== undefined) return { ring, keyId: added };
  if (notUnder(await keyUses(client), ring.active).length > 0) return { ring, keyId: ring.active };
  const begun = withNewKey(ring);
  await writeRing(ringFile, begun.ring);
  return begun;
};

const everyProcess = (
  client: pg.Client,
  what: string,
  has: (holder: Holder) => boolean,
  patienceSeconds: number,
): Promise<true> =>
  watch(async () => {
    const all = await holders(client);
    const ready = all.filter(has).length;
    const measure = `${ready} of ${all.length} processes ${what}`;
    return all.length > 0 && ready === all.length ? { done: true, measure } : { measure };
  }, patienceSeconds);

const followValues = async (
  client: pg.Client,
  keyId: string,
  options: {
    readonly total: number;
    readonly settleSeconds: number;
    readonly patienceSeconds: number;
    readonly task: Task;
  },
): Promise<void> => {
  const { total, settleSeconds, patienceSeconds, task } = options;
  let left = total;
  await watch(async () => {
    // Asked before counting: what was sealed before all agreed is then counted.
    const all = await holders(client);
    const settled = all.length > 0 && all.every(({ heldSeconds }) => heldSeconds >= settleSeconds);
    const outdated = notUnder(await keyUses(client), keyId);
    task.advance(left - sum(outdated), outdated[0]?.place ?? 'waiting for what is under way');
    left = sum(outdated);
    if (left === 0 && settled) return { done: true, measure: '' };
    const waiting = settled ? '' : ` ${Math.floor(Date.now() / 10_000)}`;
    return {
      measure:
        left === 0 ? `waiting for what is under way${waiting}` : `${left} values, ${outdated[0]?.place}`,
    };
  }, patienceSeconds);
};

/**
 * Puts a new key in force for one service while it runs: every process learns it first, then it comes into force, then
 * the service brings its values under it. Broken off at any moment, it goes on when it is run again: how far it is, the
 * ring and the values themselves tell.
 */
export const rotate = (options: RotateOptions): Promise<Rotated> =>
  withClient(options.databaseUrl, async (client) => {
    const { service, ringFile, progress, settleSeconds = 30, patienceSeconds = 300 } = options;
    await requireHolders(client, service);
    const { ring, keyId } = await begin(client, options);
    const task = progress.task(`${service}: ${keyId}`, { total: 1 });
    try {
      const values = sum(notUnder(await keyUses(client), keyId));
      task.setTotal(values);
      await everyProcess(client, `know ${keyId}`, ({ keys }) => keys.includes(keyId), patienceSeconds);
      if (ring.active !== keyId || ring.index !== keyId) await writeRing(ringFile, inForce(ring, keyId));
      const inUse = ({ active, index }: Holder) => active === keyId && index === keyId;
      await everyProcess(client, `use ${keyId}`, inUse, patienceSeconds);
      await followValues(client, keyId, { total: values, settleSeconds, patienceSeconds, task });
      const unused = spareKeys(await readRing(ringFile));
      task.done(`${values} values; not used any more: ${unused.join(', ') || 'none'}`);
      return { service, active: keyId, values, unused };
    } catch (cause) {
      task.fail();
      throw cause;
    }
  });
