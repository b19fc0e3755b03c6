import { fail, type Keyset, type Sealer, type Tx } from '@midas/kit';
import { ReferToMaracRequest } from '@midas/proto/risk/v1/risk';
import type { Prisma, PrismaClient, MaracReferral as Row } from '../../gen/prisma/client.ts';
import type { MaracReferral } from './marac.ts';
import { type RepeatRule, wordings } from './repeat.ts';

type Db = Pick<PrismaClient, 'maracReferral'>;
export type MaracStore = ReturnType<typeof maracStore>;

/** Condition on a MARAC referral that names one of these persons. */
export const namesAny = (personIds: readonly string[]): Prisma.MaracReferralWhereInput => ({
  OR: [{ victimPersonId: { in: [...personIds] } }, { perpetratorPersonIds: { hasSome: [...personIds] } }],
});

/** MARAC referrals in the database. What was sent and the minutes are sealed, column by column. */
export function maracStore(sealer: Sealer) {
  const sent = sealer.column('marac_referral', 'sent');
  const minutes = sealer.column('marac_referral', 'minutes');

  const open = (row: Row): MaracReferral => ({
    ...row,
    sent: sent.open(row.id, ReferToMaracRequest, row.sent),
    minutes: minutes.openText(row.id, row.minutes) ?? null,
    repeatWording: wordings.find((wording) => wording === row.repeatWording) ?? null,
  });

  return {
    /** Stores a new referral, or answers with the one that its organisation sent under the same reference. */
    async add(
      db: Db,
      referral: MaracReferral,
    ): Promise<{ readonly referral: MaracReferral; readonly added: boolean }> {
      const sealed = {
        ...referral,
        sent: sent.seal(referral.id, ReferToMaracRequest, referral.sent),
        minutes: minutes.sealText(referral.id, referral.minutes),
      };
      const { count } = await db.maracReferral.createMany({ data: [sealed], skipDuplicates: true });
      if (count === 1) return { referral, added: true };
      const { organisation, sourceSystem, sourceReference } = referral;
      const where = { organisation, sourceSystem, sourceReference };
      return { referral: open(await db.maracReferral.findFirstOrThrow({ where })), added: false };
    },

    async find(db: Db, id: string): Promise<MaracReferral | null> {
      const row = await db.maracReferral.findUnique({ where: { id } });
      return row && open(row);
    },

    /** Referrals under a condition, newest first. */
    async list(
      db: Db,
      where: Prisma.MaracReferralWhereInput,
      page: Keyset,
    ): Promise<readonly MaracReferral[]> {
      const rows = await db.maracReferral.findMany({ ...page, where: { AND: [where, page.where] } });
      return rows.map(open);
    },

    /** Makes everyone who changes a victim's findings wait for each other until their transactions end. */
    async lockVictim(db: Tx<PrismaClient>, victimPersonId: string): Promise<void> {
      const key = `marac-findings|${victimPersonId}`;
      await db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`;
    },

    /**
     * All referrals of a victim, and the one with this id whose persons may not be written yet: oldest first, held until
     * the transaction ends.
     */
    async ofVictim(
      db: Tx<PrismaClient>,
      victimPersonId: string,
      id: string | null = null,
    ): Promise<readonly MaracReferral[]> {
      await db.$queryRaw`SELECT id FROM marac_referral
        WHERE victim_person_id = ${victimPersonId}::uuid OR id = ${id}::uuid ORDER BY id FOR UPDATE`;
      const rows = await db.maracReferral.findMany({
        where: id === null ? { victimPersonId } : { OR: [{ victimPersonId }, { id }] },
        orderBy: [{ referredAt: 'asc' }, { id: 'asc' }],
      });
      return rows.map(open);
    },

    /** Whoever was referred, each once. */
    async victims(db: Db): Promise<readonly string[]> {
      const rows = await db.maracReferral.findMany({
        where: { victimPersonId: { not: null } },
        distinct: ['victimPersonId'],
        select: { victimPersonId: true },
      });
      return rows.flatMap(({ victimPersonId }) => victimPersonId ?? []);
    },

    /** Referrals that name these persons, as victim or beside. */
    async ofPersons(db: Db, personIds: readonly string[]): Promise<readonly MaracReferral[]> {
      const rows = await db.maracReferral.findMany({
        where: namesAny(personIds),
        orderBy: [{ recordedAt: 'asc' }, { id: 'asc' }],
      });
      return rows.map(open);
    },

    /** Puts other content in the place of what was sent, and of the minutes if they go too. */
    async replaceSent(db: Db, id: string, content: ReferToMaracRequest, minutesToo: boolean): Promise<void> {
      const data = {
        sent: sent.seal(id, ReferToMaracRequest, content),
        ...(minutesToo && { minutes: null }),
      };
      await db.maracReferral.updateMany({ where: { id }, data });
    },

    /** Stores what became of a referral; 412 `stale` when it was changed since it was read. */
    async update(db: Db, referral: MaracReferral): Promise<void> {
      const { id, version, status, heardAt, victimPersonId, perpetratorPersonIds } = referral;
      const { repeat, repeatWindowMonths, repeatWording } = referral;
      const { count } = await db.maracReferral.updateMany({
        where: { id, version: version - 1 },
        data: {
          version,
          status,
          heardAt,
          minutes: minutes.sealText(id, referral.minutes),
          victimPersonId,
          perpetratorPersonIds,
          repeat,
          repeatWindowMonths,
          repeatWording,
        },
      });
      if (count === 0) fail('stale', 'stale', 'The referral was changed meanwhile; read it again.');
    },

    /** Some victims with a finding made under other settings than these. */
    async victimsFoundOtherwise(db: Db, rule: RepeatRule, take: number): Promise<readonly string[]> {
      const rows = await db.maracReferral.findMany({
        where: {
          victimPersonId: { not: null },
          OR: [{ repeatWindowMonths: { not: rule.windowMonths } }, { repeatWording: { not: rule.wording } }],
        },
        distinct: ['victimPersonId'],
        select: { victimPersonId: true },
        take,
      });
      return rows.flatMap((row) => row.victimPersonId ?? []);
    },
  };
}
