import type { Keyset, Sealer, Tx } from '@midas/kit';
import type { Prisma, PrismaClient } from '../../gen/prisma/client.ts';
import { ofCase } from './case.store.ts';

type Db = Tx<PrismaClient>;
export type ContactStore = ReturnType<typeof contactStore>;

const withCase = { case: { select: ofCase } } as const satisfies Prisma.ContactInclude;

/** A contact with what permissions on it rest on: whose case it belongs to. */
export type ContactRow = Prisma.ContactGetPayload<{ include: typeof withCase }>;

export type NewContact = Omit<Prisma.ContactUncheckedCreateInput, 'note'> & { readonly note: string };

/** Contacts in the database; their notes are sealed. */
export function contactStore(sealer: Sealer) {
  const notes = sealer.column('contact', 'note');

  return {
    add: (db: Db, { note, ...contact }: NewContact): Promise<ContactRow> =>
      db.contact.create({
        data: { ...contact, note: note === '' ? null : notes.sealText(contact.id, note) },
        include: withCase,
      }),

    find: (db: Db, id: string): Promise<ContactRow | null> =>
      db.contact.findUnique({ where: { id }, include: withCase }),

    /** Contacts of a case under a condition, newest first. */
    list: (
      db: Db,
      caseId: string,
      where: Prisma.ContactWhereInput,
      { where: after, orderBy, take }: Keyset,
    ): Promise<readonly ContactRow[]> =>
      db.contact.findMany({ where: { AND: [{ caseId }, where, after] }, include: withCase, orderBy, take }),

    /** Contacts of these cases, oldest first. */
    ofCases: (db: Db, caseIds: readonly string[]): Promise<readonly ContactRow[]> =>
      db.contact.findMany({
        where: { caseId: { in: [...caseIds] } },
        include: withCase,
        orderBy: [{ recordedAt: 'asc' }, { id: 'asc' }],
      }),

    openNote: (row: ContactRow): string => notes.openText(row.id, row.note) ?? '',
  };
}
