import type { Keyset, Sealer, Tx } from '@midas/kit';
import type { Prisma, PrismaClient } from '../../gen/prisma/client.ts';
import type { PersonStore, ResolvedSending } from '../person/person.store.ts';
import type { CaseState } from './case.ts';

type Db = Tx<PrismaClient>;
export type CaseStore = ReturnType<typeof caseStore>;

/** What of a case the permissions on everything that belongs to it rest on. */
export const ofCase = {
  id: true,
  worker: true,
  team: true,
  organisation: true,
  personId: true,
  concerns: true,
} as const satisfies Prisma.CaseSelect;

const parties = {
  sentAs: true,
  allegedPerpetrators: { include: { sentAs: true }, orderBy: { position: 'asc' } },
} as const satisfies Prisma.CaseInclude;

export type CaseRow = Prisma.CaseGetPayload<{ include: typeof parties }>;

/** Cases in the database. The closing note is sealed; particulars stay with the persons. */
export function caseStore(sealer: Sealer, persons: PersonStore) {
  const closureNote = sealer.column('support_case', 'closure_note');

  return {
    find: (db: Db, id: string): Promise<CaseRow | null> =>
      db.case.findUnique({ where: { id }, include: parties }),

    /** As `find`, and holds the case until the transaction ends, so that its versions stay consecutive. */
    async lock(db: Db, id: string): Promise<CaseRow | null> {
      await db.$queryRaw`SELECT id FROM support_case WHERE id = ${id}::uuid FOR UPDATE`;
      return db.case.findUnique({ where: { id }, include: parties });
    },

    findByReferral: (db: Db, referralId: string): Promise<{ readonly id: string } | null> =>
      db.case.findUnique({ where: { referralId }, select: { id: true } }),

    /** Cases that concern these persons, in whatever part, oldest first. */
    ofPersons: (db: Db, personIds: readonly string[]): Promise<readonly CaseRow[]> =>
      db.case.findMany({
        where: {
          OR: [
            { personId: { in: [...personIds] } },
            { allegedPerpetrators: { some: { personId: { in: [...personIds] } } } },
          ],
        },
        include: parties,
        orderBy: [{ recordedAt: 'asc' }, { id: 'asc' }],
      }),

    /** Cases under a condition, newest first. */
    list: (
      db: Db,
      where: Prisma.CaseWhereInput,
      { where: after, orderBy, take }: Keyset,
    ): Promise<readonly CaseRow[]> =>
      db.case.findMany({ where: { AND: [where, after] }, include: parties, orderBy, take }),

    /** Stores a new case and who is in it: the person it is for, then the alleged perpetrators. */
    async add(
      db: Db,
      state: CaseState,
      parties: { readonly person: ResolvedSending; readonly allegedPerpetrators: readonly ResolvedSending[] },
      recordedAt: Date,
    ): Promise<void> {
      const concerns = [parties.person, ...parties.allegedPerpetrators].map(({ personId }) => personId);
      await db.case.create({
        data: {
          ...state,
          concerns: [...new Set(concerns)],
          particularsId: parties.person.particularsId,
          recordedAt,
        },
      });
      if (parties.allegedPerpetrators.length === 0) return;
      await db.caseAllegedPerpetrator.createMany({
        data: parties.allegedPerpetrators.map(({ personId, particularsId }, position) => ({
          caseId: state.id,
          position,
          personId,
          particularsId,
        })),
      });
    },

    /** Stores a decision on a locked case, with the closing note if there is one. */
    update: (db: Db, { id, ...state }: CaseState, note?: string): Promise<CaseRow> =>
      db.case.update({
        where: { id },
        data: note ? { ...state, closureNote: closureNote.sealText(id, note) } : state,
        include: parties,
      }),

    state: (row: CaseRow): CaseState => ({
      id: row.id,
      referralId: row.referralId,
      personId: row.personId,
      organisation: row.organisation,
      openedAt: row.openedAt,
      worker: row.worker,
      team: row.team,
      allocatedAt: row.allocatedAt,
      engagedAt: row.engagedAt,
      closedAt: row.closedAt,
      closureReason: row.closureReason,
      version: row.version,
    }),

    /** What is sealed of a case, opened. */
    open: (row: CaseRow) => ({
      person: persons.open(row.sentAs),
      allegedPerpetrators: row.allegedPerpetrators.map(({ sentAs }) => persons.open(sentAs)),
      closureNote: closureNote.openText(row.id, row.closureNote) ?? '',
    }),
  };
}
