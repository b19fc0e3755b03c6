import { setTimeout as delay } from 'node:timers/promises';
import type { RawClient } from '../db/types.ts';
import type { Logger } from '../log/logger.ts';
import { meters } from '../telemetry/meters.ts';
import { copyHead } from './heads.ts';
import { lastSeal, type Seal, type Sealing, sealBatch, unsealedAge } from './seal-table.ts';

export interface SealingOptions {
  readonly service: string;
  readonly db: RawClient;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Milliseconds from one look to the next. */
  readonly everyMs: number;
  /** A file outside the database to which each head is added; the log has it in any case. */
  readonly headsFile?: string | undefined;
  /** Rows of one seal at most. */
  readonly batchSize?: number;
}

export interface TrailSealing {
  start(): void;
  /** Seals what is there now, and stops. */
  drain(): Promise<void>;
}

/** Milliseconds that the last entries are tried for. */
const lastMs = 3_000;

/**
 * Chains the audit trail: again and again seals the rows that no seal covers yet and copies the head out of the
 * database. Every replica tries; the database lets one at a time.
 */
export function sealing(options: SealingOptions): TrailSealing {
  const { service, db, log, everyMs, headsFile, batchSize = 2_000 } = options;
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let stopObserving = (): void => undefined;
  let isTold = false;
  let uncopied: Seal | undefined;
  let failing = false;

  const tell = async (seal: Seal): Promise<void> => {
    log.info({ seal: seal.number, head: seal.head, entries: seal.entries }, 'audit sealed');
    uncopied = seal;
    await copy();
  };
  const copy = async (): Promise<void> => {
    if (uncopied === undefined || headsFile === undefined) return;
    try {
      await copyHead(headsFile, service, uncopied);
      uncopied = undefined;
    } catch (error) {
      log.error({ error }, 'the head of the audit trail could not be copied; it is tried again');
    }
  };
  const round = async (): Promise<void> => {
    // A process that was killed may have sealed without telling.
    if (!isTold) {
      const seal = await lastSeal(db);
      if (seal !== undefined) await tell(seal);
      isTold = true;
    }
    for (let more = true, afterMove = false; more; ) {
      const sealed: Sealing = await sealBatch(db, { service, limit: batchSize, afterMove });
      const { seal, moved } = sealed;
      if (seal !== undefined) await tell(seal);
      // What the former server had written comes first; then rows are counted as the present one counts.
      more = moved ? seal !== undefined || !afterMove : seal?.entries === batchSize;
      afterMove = moved && seal === undefined;
    }
    await copy();
  };
  const attempt = async (): Promise<void> => {
    try {
      await round();
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ error }, 'the audit trail could not be sealed; it is tried again');
      failing = true;
    }
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await attempt();
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    // A transaction of somebody else may be in the way of the last entries for a moment.
    const end = performance.now() + lastMs;
    for (await attempt(); performance.now() < end && (await isWaiting()); await attempt()) await delay(50);
  };
  const isWaiting = async (): Promise<boolean> => !failing && (await unsealedAge(db).catch(() => 0)) !== 0;
  return {
    start: () => {
      stopObserving = meters.auditSealAge({ service }, () => unsealedAge(db));
      running ??= run();
    },
    drain: async () => {
      stopping.abort();
      await running;
      stopObserving();
    },
  };
}
