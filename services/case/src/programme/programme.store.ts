import type { Sealer, Tx } from '@midas/kit';
import { Particulars } from '@midas/proto/common/v1/people';
import type { PrismaClient, ProgrammeSignal } from '../../gen/prisma/client.ts';
import type { Told } from './programme.ts';

type Db = Tx<PrismaClient>;
export type ProgrammeStore = ReturnType<typeof programmeStore>;

export type NewSignal = Pick<
  ProgrammeSignal,
  'id' | 'kind' | 'participantId' | 'riskSignalKind' | 'occurredAt'
> &
  Told & { readonly riskSignalDetail: string };

/** The survivor side's own copy of programme signals: particulars and words sealed, the match in columns of its own. */
export function programmeStore(sealer: Sealer) {
  const participants = sealer.column('programme_signal', 'participant');
  const partners = sealer.column('programme_signal', 'partner');
  const details = sealer.column('programme_signal', 'risk_signal_detail');

  return {
    /** Keeps a signal, not matched yet. */
    async add(
      db: Db,
      { participant, partner, riskSignalDetail, ...signal }: NewSignal,
      recordedAt: Date,
    ): Promise<void> {
      await db.programmeSignal.create({
        data: {
          ...signal,
          recordedAt,
          participant: participants.seal(signal.id, Particulars, participant),
          partner: partners.seal(signal.id, Particulars, partner),
          riskSignalDetail: riskSignalDetail === '' ? null : details.sealText(signal.id, riskSignalDetail),
        },
      });
    },

    /** The oldest signal to match that is due, held until the transaction ends; none held by another replica. */
    async takeUnmatched(db: Db, now: Date): Promise<ProgrammeSignal | null> {
      const [found] = await db.$queryRaw<readonly { readonly id: string }[]>`
        SELECT id FROM programme_signal
        WHERE matched_at IS NULL AND (match_due_at IS NULL OR match_due_at <= ${now})
        ORDER BY recorded_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`;
      return found === undefined ? null : db.programmeSignal.findUnique({ where: { id: found.id } });
    },

    /** Counts a try that failed, and puts the next one off. */
    async putOff(
      db: Db,
      { id, matchAttempts }: Pick<ProgrammeSignal, 'id' | 'matchAttempts'>,
      matchDueAt: Date,
    ): Promise<void> {
      await db.programmeSignal.updateMany({
        where: { id, matchedAt: null },
        data: { matchAttempts: matchAttempts + 1, matchDueAt },
      });
    },

    open: (row: ProgrammeSignal): Told => ({
      participant: participants.open(row.id, Particulars, row.participant),
      partner: partners.open(row.id, Particulars, row.partner),
    }),

    /** Keeps whom a signal concerns. */
    async match(
      db: Db,
      id: string,
      persons: { readonly partnerPersonId: string; readonly participantPersonId: string },
      matchedAt: Date,
    ): Promise<void> {
      await db.programmeSignal.update({ where: { id }, data: { ...persons, matchedAt } });
    },
  };
}
