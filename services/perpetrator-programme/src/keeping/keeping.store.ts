import type { Sealer, Tx } from '@midas/kit';
import type { KeepingDecision, Prisma, PrismaClient } from '../../gen/prisma/client.ts';

type Db = Tx<PrismaClient>;
export type KeepingStore = ReturnType<typeof keepingStore>;
type Decision = Omit<KeepingDecision, 'reason'> & { readonly reason: string | null };

/** Whom no hold and no event since that instant keeps. */
export const dueBefore = (since: Date): Prisma.ParticipantWhereInput => ({
  held: false,
  erasedAt: null,
  enrolledAt: { lt: since },
  sessions: { none: { heldAt: { gte: since } } },
  signals: { none: { occurredAt: { gte: since } } },
});

/** Decisions on the keeping of records in the database; the words are sealed. */
export function keepingStore(sealer: Sealer) {
  const reasons = sealer.column('keeping_decision', 'reason');

  return {
    async add(db: Db, decision: Decision): Promise<void> {
      const reason = reasons.sealText(decision.id, decision.reason);
      await db.keepingDecision.create({ data: { ...decision, reason } });
    },

    /** Empties the words of earlier decisions on a participant. */
    async empty(db: Db, participantId: string): Promise<void> {
      await db.keepingDecision.updateMany({ where: { participantId }, data: { reason: null } });
    },

    isDue: async (db: Db, id: string, since: Date): Promise<boolean> =>
      (await db.participant.count({ where: { AND: [{ id }, dueBefore(since)] } })) > 0,
  };
}
