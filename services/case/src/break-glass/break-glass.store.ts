import type { Keyset, Sealer, Tx } from '@midas/kit';
import type { Prisma, PrismaClient, BreakGlass as Row } from '../../gen/prisma/client.ts';
import type { BreakGlass } from './break-glass.ts';

type Db = Tx<PrismaClient>;
export type BreakGlassStore = ReturnType<typeof breakGlassStore>;
export type BreakGlassRow = Row;

/** Openings in the database; the words of who opened and who reviewed are sealed. */
export function breakGlassStore(sealer: Sealer) {
  const reasons = sealer.column('break_glass', 'reason');
  const notes = sealer.column('break_glass', 'review_note');

  const seal = ({ reason, reviewNote, ...opening }: BreakGlass) => ({
    ...opening,
    reason: reasons.sealText(opening.id, reason),
    reviewNote: reviewNote === '' ? null : notes.sealText(opening.id, reviewNote),
  });

  return {
    state: ({ recordedAt: _, ...row }: Row): BreakGlass => ({
      ...row,
      reason: reasons.openText(row.id, row.reason) ?? '',
      reviewNote: notes.openText(row.id, row.reviewNote) ?? '',
    }),

    add: (db: Db, opening: BreakGlass, recordedAt: Date): Promise<Row> =>
      db.breakGlass.create({ data: { ...seal(opening), recordedAt } }),

    update: (db: Db, opening: BreakGlass): Promise<Row> => {
      const { id, ...data } = seal(opening);
      return db.breakGlass.update({ where: { id }, data });
    },

    find: (db: Db, id: string): Promise<Row | null> => db.breakGlass.findUnique({ where: { id } }),

    /** As `find`, and holds the opening until the transaction ends. */
    async lock(db: Db, id: string): Promise<Row | null> {
      await db.$queryRaw`SELECT id FROM break_glass WHERE id = ${id}::uuid FOR UPDATE`;
      return db.breakGlass.findUnique({ where: { id } });
    },

    /** How many openings nobody has reviewed yet. */
    unreviewed: (db: Db): Promise<number> => db.breakGlass.count({ where: { reviewedAt: null } }),

    /** Openings under a condition, newest first. */
    list: (
      db: Db,
      where: Prisma.BreakGlassWhereInput,
      { where: after, orderBy, take }: Keyset,
    ): Promise<readonly Row[]> => db.breakGlass.findMany({ where: { AND: [where, after] }, orderBy, take }),
  };
}
