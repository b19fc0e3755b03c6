import { newId, type Tx } from '@midas/kit';
import type { Prisma, PrismaClient } from '../../gen/prisma/client.ts';

type Db = Tx<PrismaClient>;
export type RetentionStore = ReturnType<typeof retentionStore>;

const counted = {
  _count: { select: { erasures: { where: { doneAt: { not: null } } } } },
} as const satisfies Prisma.RetentionRunInclude;
export type RunRow = Prisma.RetentionRunGetPayload<{ include: typeof counted }>;

export interface PendingErasure {
  readonly id: string;
  readonly concerns: readonly string[];
  readonly attempts: number;
}

/** Retention runs and erasures on their way. Everything here may be done twice at the same time and counts once. */
export function retentionStore() {
  return {
    /** Some persons after this one in the order of their ids, of whom anything may be held. */
    async personsAfter(db: Db, after: string | null, take: number): Promise<readonly string[]> {
      const rows = await db.person.findMany({
        where: { erasedAt: null, ...(after !== null && { id: { gt: after } }) },
        orderBy: { id: 'asc' },
        select: { id: true },
        take,
      });
      return rows.map(({ id }) => id);
    },

    /** Starts a run, or answers with the one that is under way. */
    async start(db: Db, run: { readonly startedBy: string; readonly now: Date }): Promise<RunRow> {
      await db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('retention_run', 0))`;
      const running = await db.retentionRun.findFirst({ where: { examinedAt: null }, include: counted });
      if (running !== null) return running;
      const data = { id: newId(), startedBy: run.startedBy, startedAt: run.now };
      return db.retentionRun.create({ data, include: counted });
    },

    find: (db: Db, id: string): Promise<RunRow | null> =>
      db.retentionRun.findUnique({ where: { id }, include: counted }),

    /** When the last erasure of an examined run was done; undefined while one is left. */
    async finishedAt(db: Db, run: RunRow): Promise<Date | undefined> {
      if (run.examinedAt === null) return undefined;
      const left = await db.subjectErasure.count({ where: { retentionRunId: run.id, doneAt: null } });
      if (left > 0) return undefined;
      const last = await db.subjectErasure.aggregate({
        where: { retentionRunId: run.id },
        _max: { doneAt: true },
      });
      return last._max.doneAt !== null && last._max.doneAt > run.examinedAt
        ? last._max.doneAt
        : run.examinedAt;
    },

    unexamined: (db: Db) => db.retentionRun.findFirst({ where: { examinedAt: null } }),

    /** Keeps how far a run came and asks for the erasure of those found due; false when another replica was first. */
    async advance(
      db: Db,
      run: { readonly id: string; readonly examinedTo: string | null },
      step: {
        readonly to: string;
        readonly count: number;
        readonly due: readonly string[];
        readonly now: Date;
      },
    ): Promise<boolean> {
      const { count } = await db.retentionRun.updateMany({
        where: { id: run.id, examinedTo: run.examinedTo, examinedAt: null },
        data: { examinedTo: step.to, examinedCount: { increment: step.count } },
      });
      if (count === 0) return false;
      await db.subjectErasure.createMany({
        data: step.due.map((personId) => ({
          id: newId(),
          retentionRunId: run.id,
          concerns: [personId],
          askedAt: step.now,
          dueAt: step.now,
        })),
      });
      return true;
    },

    async examined(db: Db, id: string, now: Date): Promise<void> {
      await db.retentionRun.updateMany({ where: { id, examinedAt: null }, data: { examinedAt: now } });
    },

    pending: (db: Db, now: Date): Promise<PendingErasure | null> =>
      db.subjectErasure.findFirst({
        where: { doneAt: null, dueAt: { lte: now } },
        orderBy: { dueAt: 'asc' },
        select: { id: true, concerns: true, attempts: true },
      }),

    async done(db: Db, id: string, now: Date): Promise<void> {
      await db.subjectErasure.updateMany({ where: { id, doneAt: null }, data: { doneAt: now } });
    },

    async putOff(db: Db, { id, attempts }: PendingErasure, dueAt: Date): Promise<void> {
      await db.subjectErasure.updateMany({
        where: { id, doneAt: null },
        data: { attempts: attempts + 1, dueAt },
      });
    },
  };
}
