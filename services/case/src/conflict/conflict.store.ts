import type { Keyset, Sealer, Tx } from '@midas/kit';
import type { Prisma, PrismaClient, ConflictBlock as Row } from '../../gen/prisma/client.ts';

type Db = Tx<PrismaClient>;
export type ConflictStore = ReturnType<typeof conflictStore>;
export type BlockRow = Row;

export type NewBlock = Pick<Row, 'id' | 'userName' | 'personId' | 'otherPersonIds' | 'blockedBy'> & {
  readonly reason: string;
};

/** Conflict blocks in the database; their reasons are sealed. */
export function conflictStore(sealer: Sealer) {
  const reasons = sealer.column('conflict_block', 'reason');

  return {
    add: (db: Db, { reason, ...block }: NewBlock, recordedAt: Date): Promise<Row> =>
      db.conflictBlock.create({ data: { ...block, reason: reasons.sealText(block.id, reason), recordedAt } }),

    /** Ends a block that is locked. */
    end: (db: Db, id: string, endedBy: string, endedAt: Date): Promise<Row> =>
      db.conflictBlock.update({ where: { id }, data: { endedBy, endedAt } }),

    find: (db: Db, id: string): Promise<Row | null> => db.conflictBlock.findUnique({ where: { id } }),

    /** As `find`, and holds the block until the transaction ends. */
    async lock(db: Db, id: string): Promise<Row | null> {
      await db.$queryRaw`SELECT id FROM conflict_block WHERE id = ${id}::uuid FOR UPDATE`;
      return db.conflictBlock.findUnique({ where: { id } });
    },

    /** Blocks under a condition, newest first. */
    list: (
      db: Db,
      where: Prisma.ConflictBlockWhereInput,
      { where: after, orderBy, take }: Keyset,
    ): Promise<readonly Row[]> =>
      db.conflictBlock.findMany({ where: { AND: [where, after] }, orderBy, take }),

    openReason: (row: Row): string => reasons.openText(row.id, row.reason) ?? '',
  };
}
