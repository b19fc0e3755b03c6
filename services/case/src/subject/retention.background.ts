import { setTimeout as pause } from 'node:timers/promises';
import type { Background, Logger, WorkUnit } from '@midas/kit';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { RetentionStore } from './retention.store.ts';
import { duePersons, nextErasureTry } from './retention.ts';
import type { Everywhere } from './subject.everywhere.ts';
import type { SubjectStore } from './subject.store.ts';

interface Deps {
  readonly db: PrismaClient;
  readonly transaction: <T>(work: (unit: WorkUnit<PrismaClient>) => Promise<T>) => Promise<T>;
  readonly all: Everywhere;
  readonly store: SubjectStore;
  readonly runs: RetentionStore;
  readonly now: () => Date;
  readonly log: Logger;
}

const PAUSE_MS = 1_000;
/** Persons examined at a time; the other services are asked for so many at once. */
const BATCH = 200;

/**
 * Goes on with erasures and retention runs until it is stopped. It holds no state of its own: a process that dies leaves
 * work to the next one, and what two replicas do at the same time counts once.
 */
export function erasing(deps: Deps): Background {
  return {
    name: 'erasing',
    async start(stopped: AbortSignal): Promise<void> {
      while (!stopped.aborted) {
        const worked = await step(deps).catch((error: unknown) => {
          deps.log.warn({ error }, 'erasures wait');
          return false;
        });
        if (!worked) await pause(PAUSE_MS, undefined, { signal: stopped }).catch(() => undefined);
      }
    },
  };
}

const step = async (deps: Deps): Promise<boolean> => (await eraseOne(deps)) || (await examineSome(deps));

/** One erasure: the other services first, this one last, so that it is done when it is done here. */
async function eraseOne({ db, transaction, all, store, runs, now, log }: Deps): Promise<boolean> {
  const pending = await runs.pending(db, now());
  if (pending === null) return false;
  try {
    if ((await store.held(db, pending.concerns)).size > 0)
      throw new Error('a legal hold was placed meanwhile');
    if (pending.concerns.length > 0) await all.eraseElsewhere(pending.concerns);
    await transaction(async (unit) => {
      if (pending.concerns.length > 0) await all.own.erase(unit.db, pending.concerns);
      await runs.done(unit.db, pending.id, now());
    });
    log.info({ erasureId: pending.id }, 'a person was erased');
  } catch (error) {
    const dueAt = nextErasureTry(pending.attempts, now());
    await runs.putOff(db, pending, dueAt);
    log.warn({ erasureId: pending.id, dueAt, error }, 'an erasure could not be finished yet');
  }
  return true;
}

async function examineSome({ db, transaction, all, store, runs, now }: Deps): Promise<boolean> {
  const run = await runs.unexamined(db);
  if (run === null) return false;
  const personIds = await runs.personsAfter(db, run.examinedTo, BATCH);
  const last = personIds.at(-1);
  if (last === undefined) {
    await runs.examined(db, run.id, now());
    return true;
  }
  const due = duePersons(await all.retention(db, personIds), await store.held(db, personIds), now());
  const found = { to: last, count: personIds.length, due: due.map(({ personId }) => personId), now: now() };
  await transaction((unit) => runs.advance(unit.db, run, found));
  return true;
}
