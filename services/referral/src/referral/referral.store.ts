import { fail, type Keyset, type Sealer } from '@midas/kit';
import { SubmitReferralRequest } from '@midas/proto/referral/v1/referral';
import type { Prisma, PrismaClient, Referral as Row } from '../../gen/prisma/client.ts';
import type { Referral } from './referral.ts';

type Db = Pick<PrismaClient, 'referral'>;
export type ReferralStore = ReturnType<typeof referralStore>;

/** Referrals in the database. What was sent and the note of a rejection are sealed, column by column. */
export function referralStore(sealer: Sealer) {
  const sent = sealer.column('referral', 'sent');
  const note = sealer.column('referral', 'rejection_note');

  const seal = (referral: Referral) => ({
    ...referral,
    sent: sent.seal(referral.id, SubmitReferralRequest, referral.sent),
    rejectionNote: note.sealText(referral.id, referral.rejectionNote),
  });
  const open = (row: Row): Referral => ({
    ...row,
    sent: sent.open(row.id, SubmitReferralRequest, row.sent),
    rejectionNote: note.openText(row.id, row.rejectionNote) ?? null,
  });

  return {
    /** Stores a new referral, or answers with the one that its organisation sent under the same reference. */
    async add(db: Db, referral: Referral): Promise<{ readonly referral: Referral; readonly added: boolean }> {
      const { count } = await db.referral.createMany({ data: [seal(referral)], skipDuplicates: true });
      if (count === 1) return { referral, added: true };
      const { organisation, sourceSystem, sourceReference } = referral;
      const where = { organisation, sourceSystem, sourceReference };
      return { referral: open(await db.referral.findFirstOrThrow({ where })), added: false };
    },

    /** Stores a decision; 412 `stale` when another decision was stored since this one's referral was read. */
    async decide(db: Db, referral: Referral): Promise<void> {
      const { id, version, status, decidedAt, acceptedByOrganisation, rejectionReason } = referral;
      const { rejectionNote } = seal(referral);
      const { count } = await db.referral.updateMany({
        where: { id, version: version - 1 },
        data: { version, status, decidedAt, acceptedByOrganisation, rejectionReason, rejectionNote },
      });
      if (count === 0) fail('stale', 'stale', 'The referral was changed meanwhile; read it again.');
    },

    async find(db: Db, id: string): Promise<Referral | null> {
      const row = await db.referral.findUnique({ where: { id } });
      return row && open(row);
    },

    /** Writes down whom a referral is about. It is no change of the referral: its version stays. */
    async identify(db: Db, id: string, personIds: readonly string[]): Promise<void> {
      await db.referral.updateMany({ where: { id }, data: { personIds: [...personIds] } });
    },

    /** Referrals that name these persons, oldest first. */
    async ofPersons(db: Db, personIds: readonly string[]): Promise<readonly Referral[]> {
      const rows = await db.referral.findMany({
        where: { personIds: { hasSome: [...personIds] } },
        orderBy: [{ recordedAt: 'asc' }, { id: 'asc' }],
      });
      return rows.map(open);
    },

    /** Puts other content in the place of what was sent, and of the note of a rejection if it goes too. */
    async replaceSent(db: Db, id: string, content: SubmitReferralRequest, noteToo: boolean): Promise<void> {
      const data = {
        sent: sent.seal(id, SubmitReferralRequest, content),
        ...(noteToo && { rejectionNote: null }),
      };
      await db.referral.updateMany({ where: { id }, data });
    },

    /** Referrals under a condition, newest first. */
    async list(db: Db, where: Prisma.ReferralWhereInput, keyset: Keyset): Promise<readonly Referral[]> {
      const rows = await db.referral.findMany({ ...keyset, where: { AND: [where, keyset.where] } });
      return rows.map(open);
    },
  };
}
