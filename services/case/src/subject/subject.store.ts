import type { Keyset, Sealer, Tx } from '@midas/kit';
import { PersonNamed } from '@midas/proto/case/v1/access';
import type { Prisma, PrismaClient } from '../../gen/prisma/client.ts';
import type { Decisions } from './subject.ts';

type Db = Tx<PrismaClient>;
export type SubjectStore = ReturnType<typeof subjectStore>;

const whole = { erasure: true } as const satisfies Prisma.SubjectRequestInclude;
export type RequestRow = Prisma.SubjectRequestGetPayload<{ include: typeof whole }>;

const withRequest = {
  request: { select: { organisation: true, concerns: true } },
} as const satisfies Prisma.LegalHoldInclude;
export type HoldRow = Prisma.LegalHoldGetPayload<{ include: typeof withRequest }>;

interface NewRequest {
  readonly id: string;
  readonly reference: string;
  readonly openedBy: string;
  readonly organisation: string;
  readonly named: PersonNamed;
  readonly concerns: readonly string[];
  readonly now: Date;
}

/** Requests of data subjects, what was decided on them, and legal holds. Names and reasons are sealed. */
export function subjectStore(sealer: Sealer) {
  const named = sealer.column('subject_request', 'named');
  const holdReason = sealer.column('legal_hold', 'reason');
  const erasureReason = sealer.column('subject_erasure', 'reason');

  return {
    addRequest: (db: Db, { id, now, concerns, ...request }: NewRequest): Promise<RequestRow> =>
      db.subjectRequest.create({
        data: {
          ...request,
          id,
          named: named.seal(id, PersonNamed, request.named),
          concerns: [...concerns],
          openedAt: now,
          recordedAt: now,
          version: 1,
        },
        include: whole,
      }),

    findRequest: (db: Db, id: string): Promise<RequestRow | null> =>
      db.subjectRequest.findUnique({ where: { id }, include: whole }),

    /** As `findRequest`, and holds the request until the transaction ends. */
    async lockRequest(db: Db, id: string): Promise<RequestRow | null> {
      await db.$queryRaw`SELECT id FROM subject_request WHERE id = ${id}::uuid FOR UPDATE`;
      return db.subjectRequest.findUnique({ where: { id }, include: whole });
    },

    /** Requests under a condition, newest first. */
    listRequests: (
      db: Db,
      where: Prisma.SubjectRequestWhereInput,
      { where: after, orderBy, take }: Keyset,
    ): Promise<readonly RequestRow[]> =>
      db.subjectRequest.findMany({ where: { AND: [where, after] }, include: whole, orderBy, take }),

    openNamed: (row: RequestRow): PersonNamed => named.open(row.id, PersonNamed, row.named),

    async decisions(db: Db, requestId: string): Promise<Decisions> {
      const rows = await db.subjectDecision.findMany({ where: { requestId } });
      return new Map(rows.map(({ item, released }) => [item, { released }]));
    },

    /** Keeps decisions, each in the place of an earlier one on the same piece. */
    async decide(
      db: Db,
      requestId: string,
      decisions: readonly { readonly item: string; readonly release: boolean }[],
      by: { readonly userName: string; readonly at: Date },
    ): Promise<RequestRow> {
      for (const { item, release } of decisions) {
        const data = { released: release, decidedBy: by.userName, decidedAt: by.at };
        await db.subjectDecision.upsert({
          where: { requestId_item: { requestId, item } },
          create: { requestId, item, ...data },
          update: data,
        });
      }
      return db.subjectRequest.update({
        where: { id: requestId },
        data: { version: { increment: 1 } },
        include: whole,
      });
    },

    /** Asks for the erasure of everything on these persons, in the course of a request. */
    async startErasure(
      db: Db,
      request: { readonly id: string; readonly concerns: readonly string[] },
      erasure: { readonly id: string; readonly reason: string; readonly now: Date },
    ): Promise<RequestRow> {
      await db.subjectErasure.create({
        data: {
          id: erasure.id,
          requestId: request.id,
          concerns: [...request.concerns],
          reason: erasureReason.sealText(erasure.id, erasure.reason),
          askedAt: erasure.now,
          dueAt: erasure.now,
        },
      });
      return db.subjectRequest.update({
        where: { id: request.id },
        data: { version: { increment: 1 }, concerns: [...request.concerns] },
        include: whole,
      });
    },

    addHold: (
      db: Db,
      hold: {
        readonly id: string;
        readonly requestId: string;
        readonly concerns: readonly string[];
        readonly reason: string;
        readonly placedBy: string;
        readonly now: Date;
      },
    ): Promise<HoldRow> =>
      db.legalHold.create({
        data: {
          id: hold.id,
          requestId: hold.requestId,
          concerns: [...hold.concerns],
          reason: holdReason.sealText(hold.id, hold.reason),
          placedBy: hold.placedBy,
          placedAt: hold.now,
          recordedAt: hold.now,
          version: 1,
        },
        include: withRequest,
      }),

    findHold: (db: Db, id: string): Promise<HoldRow | null> =>
      db.legalHold.findUnique({ where: { id }, include: withRequest }),

    listHolds: (
      db: Db,
      where: Prisma.LegalHoldWhereInput,
      { where: after, orderBy, take }: Keyset,
    ): Promise<readonly HoldRow[]> =>
      db.legalHold.findMany({ where: { AND: [where, after] }, include: withRequest, orderBy, take }),

    liftHold: (db: Db, id: string, by: { readonly userName: string; readonly at: Date }): Promise<HoldRow> =>
      db.legalHold.update({
        where: { id },
        data: { liftedBy: by.userName, liftedAt: by.at, version: { increment: 1 } },
        include: withRequest,
      }),

    openHoldReason: (row: HoldRow): string => holdReason.openText(row.id, row.reason),

    /** Those of these persons on whom a hold stands. */
    async held(db: Db, personIds: readonly string[]): Promise<ReadonlySet<string>> {
      const rows = await db.legalHold.findMany({
        where: { liftedAt: null, concerns: { hasSome: [...personIds] } },
        select: { concerns: true },
      });
      return new Set(rows.flatMap(({ concerns }) => concerns));
    },
  };
}
