import { type Call, command, enumName, type Handlers, query } from '@midas/kit';
import { type CaseServiceService, Contact, ContactChannel } from '@midas/proto/case/v1/case';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { publishCase } from './case.events.ts';
import type { CaseStore } from './case.store.ts';
import type { ContactRow, ContactStore } from './contact.store.ts';
import { logContact } from './contact.ts';

type ContactHandlers = Pick<Handlers<typeof CaseServiceService, PrismaClient>, 'logContact' | 'listContacts'>;

interface Deps {
  readonly cases: CaseStore;
  readonly contacts: ContactStore;
  readonly newId: () => string;
}

/** Handlers of contacts: logged on a case, listed by case. */
export function contactHandlers({ cases, contacts, newId }: Deps): ContactHandlers {
  const show = (call: Call, row: ContactRow): Contact =>
    call.show('Contact', row, Contact, contactMessage(row, contacts.openNote(row)));

  return {
    logContact: command({
      decide: async (request, unit) => {
        const { caseId, safe, twoWay, supportAccepted } = request;
        const row = unit.require('contact', 'Case', await cases.lock(unit.db, caseId));
        const before = cases.state(row);
        const occurredAt = request.occurredAt ?? unit.now;
        const decision = logContact(before, { safe, twoWay, supportAccepted, at: occurredAt }, unit.now);
        const contact = await contacts.add(unit.db, {
          id: newId(),
          caseId,
          channel: enumName(ContactChannel, request.channel),
          safe,
          twoWay,
          supportAccepted,
          occurredAt,
          recordedAt: unit.now,
          loggedBy: unit.caller.userName,
          note: request.note,
        });
        if (decision.state !== before) await cases.update(unit.db, decision.state);
        publishCase(unit, decision);
        return {
          id: contact.id,
          version: decision.state.version,
          answer: show(unit, contact),
          audit: [contact.id, caseId],
        };
      },
      reread: async (id, reader) =>
        show(reader, reader.require('read', 'Contact', await contacts.find(reader.db, id))),
    }),

    listContacts: query(async ({ caseId, pageSize, pageToken }, reader) => {
      reader.require('read', 'Case', await cases.find(reader.db, caseId));
      const permitted = reader.where('read', 'Contact');
      const { rows, nextPageToken } = await reader.page(
        { size: pageSize, token: pageToken, binding: ['contacts', caseId] },
        (wanted) => contacts.list(reader.db, caseId, permitted, wanted),
      );
      return {
        answer: {
          contacts: rows.map((row) => show(reader, row)),
          nextPageToken,
        },
        audit: [caseId, ...rows.map(({ id }) => id)],
      };
    }),
  };
}

/** The contact as it is answered, nothing masked. */
export const contactMessage = (row: ContactRow, note: string): Contact => ({
  contactId: row.id,
  caseId: row.caseId,
  channel: ContactChannel[row.channel],
  safe: row.safe,
  twoWay: row.twoWay,
  supportAccepted: row.supportAccepted,
  occurredAt: row.occurredAt,
  recordedAt: row.recordedAt,
  note,
  maskedFields: [],
});
