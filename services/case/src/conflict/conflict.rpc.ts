import { type Call, command, fail, type Handlers, query, type Reader } from '@midas/kit';
import { ConflictBlock, type ConflictBlockServiceService } from '@midas/proto/case/v1/access';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { particularsOf } from '../person/named.ts';
import type { PersonStore } from '../person/person.store.ts';
import type { BlockRow, ConflictStore } from './conflict.store.ts';

interface Deps {
  readonly blocks: ConflictStore;
  readonly persons: PersonStore;
  readonly newId: () => string;
}

/** Handlers of conflicts of interest: kept by information-governance, felt by everybody. */
export function conflictHandlers({
  blocks,
  persons,
  newId,
}: Deps): Handlers<typeof ConflictBlockServiceService, PrismaClient> {
  const show = (call: Call, row: BlockRow): ConflictBlock =>
    call.show('ConflictBlock', row, ConflictBlock, toMessage(row, blocks.openReason(row)));

  const reread = async (id: string, reader: Reader<PrismaClient>): Promise<ConflictBlock> =>
    show(reader, reader.require('read', 'ConflictBlock', await blocks.find(reader.db, id)));

  return {
    blockUser: command({
      // The person is recorded when nobody knows him or her yet, so that the block holds from the first record on.
      decide: async ({ userName, person, reason }, unit) => {
        const named = person ?? fail('invalid', 'person-missing', 'Nobody was named.');
        const id = newId();
        const particulars = particularsOf(named);
        const source = { kind: 'conflict-block', id };
        const [resolved] = await persons.resolve(
          unit.db,
          source,
          [{ role: 'victim', particulars }],
          unit.now,
        );
        if (resolved === undefined) throw new Error('the person of a block was not resolved');
        const { personId } = resolved;
        const known = await persons.known(unit.db, particulars);
        const block = {
          id,
          // Names of users are kept in small letters by the realm, and without blanks.
          userName: userName.trim().toLowerCase(),
          personId,
          otherPersonIds: known.filter((other) => other !== personId),
          reason,
          blockedBy: unit.caller.userName,
        };
        return { id, version: 1, answer: show(unit, await blocks.add(unit.db, block, unit.now)) };
      },
      reread,
    }),

    getConflictBlock: query(async ({ conflictBlockId }, reader) => ({
      answer: await reread(conflictBlockId, reader),
      audit: [conflictBlockId],
    })),

    listConflictBlocks: query(async ({ pageSize, pageToken }, reader) => {
      const permitted = reader.where('read', 'ConflictBlock');
      const { rows, nextPageToken } = await reader.page(
        { size: pageSize, token: pageToken, binding: ['conflict-blocks'] },
        (wanted) => blocks.list(reader.db, permitted, wanted),
      );
      return {
        answer: { conflictBlocks: rows.map((row) => show(reader, row)), nextPageToken },
        audit: rows.map(({ id }) => id),
      };
    }),

    endConflictBlock: command({
      decide: async ({ conflictBlockId: id }, unit) => {
        const row = unit.require('block', 'ConflictBlock', await blocks.lock(unit.db, id));
        unit.match(show(unit, row));
        if (row.endedAt !== null) fail('conflict', 'block-ended', 'The block has ended already.');
        const ended = await blocks.end(unit.db, id, unit.caller.userName, unit.now);
        return { id, version: 2, answer: show(unit, ended) };
      },
      reread,
    }),
  };
}

const toMessage = (row: BlockRow, reason: string): ConflictBlock => ({
  conflictBlockId: row.id,
  userName: row.userName,
  reason,
  blockedBy: row.blockedBy,
  blockedAt: row.recordedAt,
  endedAt: row.endedAt ?? undefined,
  maskedFields: [],
});
