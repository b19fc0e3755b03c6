import type { Keyset, Sealer, Tx } from '@midas/kit';
import type { Prisma, PrismaClient } from '../../gen/prisma/client.ts';
import { ofCase } from '../case/case.store.ts';
import type { ShareGrant } from './share.ts';

type Db = Tx<PrismaClient>;
export type ShareStore = ReturnType<typeof shareStore>;

const withCase = { case: { select: ofCase } } as const satisfies Prisma.ShareGrantInclude;

/** A grant with what permissions on it rest on: whose case it is of. */
export type ShareRow = Prisma.ShareGrantGetPayload<{ include: typeof withCase }>;

/** Share grants in the database; the reasons that people typed are sealed. */
export function shareStore(sealer: Sealer) {
  const overrides = sealer.column('share_grant', 'override_reason');
  const decisions = sealer.column('share_grant', 'decision_reason');

  const seal = ({ overrideReason, decisionReason, ...grant }: ShareGrant) => ({
    ...grant,
    overrideReason: overrideReason === '' ? null : overrides.sealText(grant.id, overrideReason),
    decisionReason: decisionReason === '' ? null : decisions.sealText(grant.id, decisionReason),
  });

  const state = ({ case: _, recordedAt: __, ...row }: ShareRow): ShareGrant => ({
    ...row,
    overrideReason: overrides.openText(row.id, row.overrideReason) ?? '',
    decisionReason: decisions.openText(row.id, row.decisionReason) ?? '',
  });

  return {
    state,

    add: (db: Db, grant: ShareGrant, recordedAt: Date): Promise<ShareRow> =>
      db.shareGrant.create({ data: { ...seal(grant), recordedAt }, include: withCase }),

    /** Stores a decision on a grant of a locked case. */
    update: (db: Db, { id, ...grant }: ShareGrant): Promise<ShareRow> => {
      const { id: _, ...data } = seal({ id, ...grant });
      return db.shareGrant.update({ where: { id }, data, include: withCase });
    },

    find: (db: Db, id: string): Promise<ShareRow | null> =>
      db.shareGrant.findUnique({ where: { id }, include: withCase }),

    /** As `find`, and holds the case that it is of, so that its grants change one after another. */
    async lock(db: Db, id: string): Promise<ShareRow | null> {
      await db.$queryRaw`
        SELECT id FROM support_case WHERE id = (SELECT case_id FROM share_grant WHERE id = ${id}::uuid) FOR UPDATE`;
      return db.shareGrant.findUnique({ where: { id }, include: withCase });
    },

    /** Grants of a case that have not ended. */
    open: async (db: Db, caseId: string): Promise<readonly ShareGrant[]> => {
      const where = { caseId, endedAt: null };
      return (await db.shareGrant.findMany({ where, include: withCase, orderBy: { id: 'asc' } })).map(state);
    },

    /** Grants of these cases, oldest first. */
    ofCases: (db: Db, caseIds: readonly string[]): Promise<readonly ShareRow[]> =>
      db.shareGrant.findMany({
        where: { caseId: { in: [...caseIds] } },
        include: withCase,
        orderBy: [{ recordedAt: 'asc' }, { id: 'asc' }],
      }),

    /** Grants of a case under a condition, newest first. */
    list: (
      db: Db,
      caseId: string,
      where: Prisma.ShareGrantWhereInput,
      { where: after, orderBy, take }: Keyset,
    ): Promise<readonly ShareRow[]> =>
      db.shareGrant.findMany({
        where: { AND: [{ caseId }, where, after] },
        include: withCase,
        orderBy,
        take,
      }),

    /** Live grants to an organisation for a purpose, of these cases. */
    live: (
      db: Db,
      caseIds: readonly string[],
      { organisation, purpose }: { readonly organisation: string; readonly purpose: string },
      now: Date,
    ) =>
      db.shareGrant.findMany({
        where: {
          caseId: { in: [...caseIds] },
          organisation,
          purpose,
          endedAt: null,
          expiresAt: { gt: now },
        },
        select: { caseId: true, scope: true, expiresAt: true },
      }),

    /** Keeps that consent was withdrawn. */
    async addWithdrawal(db: Db, withdrawal: Prisma.ConsentWithdrawalUncheckedCreateInput): Promise<void> {
      await db.consentWithdrawal.create({ data: withdrawal });
    },

    findWithdrawal: (db: Db, id: string) => db.consentWithdrawal.findUnique({ where: { id } }),

    /** What a withdrawal touched. */
    touched: (db: Db, withdrawalId: string) =>
      db.shareGrant.findMany({
        where: { withdrawalId },
        select: { id: true, lawfulBasis: true },
        orderBy: { id: 'asc' },
      }),

    /** A case that is given on takes what is shared of it along. */
    async handOver(db: Db, caseId: string, owner: string): Promise<void> {
      await db.shareGrant.updateMany({ where: { caseId, endedAt: null }, data: { owner } });
    },
  };
}
