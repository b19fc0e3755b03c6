import type { RawClient } from '../db/types.ts';
import { meters } from '../telemetry/meters.ts';

interface Waiting {
  readonly pending: number;
  readonly oldest: number;
  readonly dead: number;
}

const look = `SELECT count(*)::int AS pending,
  coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8 AS oldest,
  (SELECT count(*)::int FROM dead_letter) AS dead
  FROM outbox_event WHERE published_at IS NULL`;

/** Observes outbox and dead letters of a service's database. Returns how to stop. */
export function observeOutbox(service: string, db: RawClient): () => void {
  let current: Promise<Waiting | undefined> | undefined;
  // One look serves the three gauges of one collection.
  const read = (): Promise<Waiting | undefined> => {
    current ??= Promise.resolve(db.$queryRawUnsafe<readonly Waiting[]>(look))
      .then(([row]) => row)
      .finally(() => {
        current = undefined;
      });
    return current;
  };
  const stops = [
    meters.outboxPending({ service }, async () => (await read())?.pending),
    meters.outboxOldest({ service }, async () => (await read())?.oldest),
    meters.deadLetters({ service }, async () => (await read())?.dead),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
