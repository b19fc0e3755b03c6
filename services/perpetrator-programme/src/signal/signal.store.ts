import type { Sealer, Tx } from '@midas/kit';
import type { Prisma, PrismaClient, RiskSignal } from '../../gen/prisma/client.ts';

type Db = Tx<PrismaClient>;
export type SignalStore = ReturnType<typeof signalStore>;

const withEnrolment = { enrolment: { select: { facilitator: true } } } as const;
/** What was said is empty once its participant was erased. */
type Opened<Row extends RiskSignal> = Omit<Row, 'detail'> & { readonly detail: string };
export type Signal = Opened<RiskSignal>;
type SignalWithEnrolment = Opened<Prisma.RiskSignalGetPayload<{ include: typeof withEnrolment }>>;

/** Risk signals in the database; what was said is sealed. */
export function signalStore(sealer: Sealer) {
  const details = sealer.column('risk_signal', 'detail');

  return {
    async add(db: Db, signal: Signal): Promise<void> {
      await db.riskSignal.create({ data: { ...signal, detail: details.sealText(signal.id, signal.detail) } });
    },

    async find(db: Db, id: string): Promise<SignalWithEnrolment | null> {
      const row = await db.riskSignal.findUnique({ where: { id }, include: withEnrolment });
      return row && { ...row, detail: details.openText(row.id, row.detail) ?? '' };
    },
  };
}
