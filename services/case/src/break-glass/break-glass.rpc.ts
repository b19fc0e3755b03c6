import { type Call, command, enumName, fail, type Handlers, query, type Reader } from '@midas/kit';
import { BreakGlass, BreakGlassFinding, type BreakGlassServiceService } from '@midas/proto/case/v1/access';
import { BreakGlassOpened } from '@midas/proto/case/v1/events';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { particularsOf } from '../person/named.ts';
import type { PersonStore } from '../person/person.store.ts';
import type { BreakGlassRow, BreakGlassStore } from './break-glass.store.ts';
import { openBreakGlass, reviewBreakGlass, type BreakGlass as State } from './break-glass.ts';

interface Deps {
  readonly openings: BreakGlassStore;
  readonly persons: PersonStore;
  readonly newId: () => string;
}

/** Handlers of access in an emergency: opened by case-workers, reviewed by information-governance. */
export function breakGlassHandlers({
  openings,
  persons,
  newId,
}: Deps): Handlers<typeof BreakGlassServiceService, PrismaClient> {
  const show = (call: Call, row: BreakGlassRow): BreakGlass =>
    call.show('BreakGlass', row, BreakGlass, toMessage(openings.state(row)));

  const reread = async (id: string, reader: Reader<PrismaClient>): Promise<BreakGlass> =>
    show(reader, reader.require('read', 'BreakGlass', await openings.find(reader.db, id)));

  return {
    openBreakGlass: command({
      // The same statements whoever is named: one look-up, one row, one event. Only the row knows what was found.
      decide: async ({ person, reason }, unit) => {
        const named = person ?? fail('invalid', 'person-missing', 'Nobody was named.');
        const [personId = null] = await persons.known(unit.db, particularsOf(named));
        const { userName, organisation } = unit.caller;
        const opening = openBreakGlass(
          { id: newId(), openedBy: userName, organisation, reason, personId },
          unit.now,
        );
        const { id, openedAt, reviewDueAt } = opening;
        const row = await openings.add(unit.db, opening, unit.now);
        unit.publish(
          BreakGlassOpened,
          { breakGlassId: id, openedAt, reviewDueAt },
          { type: 'break-glass', id, version: 1 },
        );
        return { id, version: 1, answer: show(unit, row) };
      },
      reread,
    }),

    getBreakGlass: query(async ({ breakGlassId }, reader) => ({
      answer: await reread(breakGlassId, reader),
      audit: [breakGlassId],
    })),

    listBreakGlass: query(async ({ pageSize, pageToken, unreviewed }, reader) => {
      const filter = unreviewed ? { reviewedAt: null } : {};
      const where = { AND: [reader.where('read', 'BreakGlass'), filter] };
      const { rows, nextPageToken } = await reader.page(
        { size: pageSize, token: pageToken, binding: ['break-glass', unreviewed] },
        (wanted) => openings.list(reader.db, where, wanted),
      );
      return {
        answer: { openings: rows.map((row) => show(reader, row)), nextPageToken },
        audit: rows.map(({ id }) => id),
      };
    }),

    reviewBreakGlass: command({
      decide: async ({ breakGlassId: id, finding, note }, unit) => {
        const row = unit.require('review', 'BreakGlass', await openings.lock(unit.db, id));
        unit.match(show(unit, row));
        const review = { by: unit.caller.userName, finding: enumName(BreakGlassFinding, finding), note };
        const reviewed = reviewBreakGlass(openings.state(row), review, unit.now);
        return { id, version: 2, answer: show(unit, await openings.update(unit.db, reviewed)) };
      },
      reread,
    }),
  };
}

const toMessage = (opening: State): BreakGlass => ({
  breakGlassId: opening.id,
  openedBy: opening.openedBy,
  organisation: opening.organisation,
  openedAt: opening.openedAt,
  endsAt: opening.endsAt,
  reason: opening.reason,
  reviewDueAt: opening.reviewDueAt,
  reviewedAt: opening.reviewedAt ?? undefined,
  reviewedBy: opening.reviewedBy ?? '',
  finding: BreakGlassFinding[opening.finding ?? 'UNSPECIFIED'],
  reviewNote: opening.reviewNote,
  maskedFields: [],
});
