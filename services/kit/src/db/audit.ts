import { auditInsert, auditJson } from './effects.ts';
import type { AuditRow, RawClient } from './types.ts';

const insert = auditInsert('$1');
const largestBatch = 200;

interface Waiting {
  readonly row: AuditRow;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Writes audit rows of calls that have no transaction of their own: reads and refusals. */
export interface AuditWriter {
  /** Resolves when the row is committed. Rows written at the same time share one commit. */
  write(row: AuditRow): Promise<void>;
  /** Resolves when everything that was handed over is written. */
  close(): Promise<void>;
}

/** An audit writer on `db`: one insert under way at a time, whatever came meanwhile goes in the next. */
export function auditWriter(db: RawClient): AuditWriter {
  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    // Let calls of the same turn of the event loop join the first batch.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const batch = waiting.slice(0, largestBatch);
      waiting = waiting.slice(largestBatch);
      try {
        await db.$executeRawUnsafe(insert, auditJson(batch.map(({ row }) => row)));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    running = undefined;
  };
  return {
    write: (row) =>
      new Promise((done, failed) => {
        waiting.push({ row, done, failed });
        running ??= run();
      }),
    close: async () => {
      await running;
    },
  };
}
