import type { KeyedDigest, Keyset, Sealer, Tx } from '@midas/kit';
import { Particulars } from '@midas/proto/common/v1/people';
import type { Prisma, PrismaClient, Participant as Row } from '../../gen/prisma/client.ts';
import { type ParticipantKey, participantKeys } from './identity.ts';
import type { ParticipantState } from './participant.ts';

type Db = Tx<PrismaClient>;
export type ParticipantStore = ReturnType<typeof participantStore>;

interface Deps {
  readonly sealer: Sealer;
  /** A keyed digest by purpose; equal values give equal digests. */
  readonly blindIndex: KeyedDigest;
}

/** Participants in the database; who they are and whom they named is sealed, what they are found by is digested. */
export function participantStore({ sealer, blindIndex }: Deps) {
  const participants = sealer.column('programme_participant', 'participant');
  const partners = sealer.column('programme_participant', 'partner');

  const open = (row: Row): ParticipantState => ({
    ...row,
    participant: participants.openOptional(row.id, Particulars, row.participant) ?? null,
    partner: partners.openOptional(row.id, Particulars, row.partner) ?? null,
  });
  /** A key as it is written now, and as it stands where another key of the ring wrote it. */
  const indexed = ({ kind, value }: ParticipantKey) =>
    blindIndex.every(`participant-key ${kind}`, value).map((named) => ({ kind, ...named }));
  const written = (participant: Particulars | null) =>
    participant === null ? [] : participantKeys(participant).flatMap((key) => indexed(key).slice(0, 1));
  const openFound = (row: Row | null): ParticipantState | null => row && open(row);

  return {
    async add(db: Db, state: ParticipantState): Promise<void> {
      await db.participant.create({
        data: {
          ...state,
          participant: participants.sealOptional(state.id, Particulars, state.participant),
          partner: partners.sealOptional(state.id, Particulars, state.partner),
          keys: { create: written(state.participant) },
        },
      });
    },

    /** Condition on participants who have one of these keys. */
    found: (keys: readonly ParticipantKey[]): Prisma.ParticipantWhereInput => ({
      keys: { some: { OR: keys.flatMap(indexed).map(({ kind, digest }) => ({ kind, digest })) } },
    }),

    /** Writes the keys of the next participants after the id `after` as the key in force makes them. */
    async reindex(db: Db, after: string, limit: number): Promise<string | undefined> {
      // Held, so that one who is erased meanwhile gets no key again.
      const rows = await db.$queryRaw<readonly Pick<Row, 'id' | 'participant'>[]>`
        SELECT id, participant FROM programme_participant WHERE id > ${after}::uuid
        ORDER BY id LIMIT ${limit} FOR UPDATE`;
      await db.participantKey.deleteMany({ where: { participantId: { in: rows.map(({ id }) => id) } } });
      await db.participantKey.createMany({
        data: rows.flatMap(({ id, participant }) =>
          written(participants.openOptional(id, Particulars, participant) ?? null).map((key) => ({
            ...key,
            participantId: id,
          })),
        ),
      });
      return rows.at(-1)?.id;
    },

    find: async (db: Db, id: string): Promise<ParticipantState | null> =>
      openFound(await db.participant.findUnique({ where: { id } })),

    /** As `find`, and holds the participant until the transaction ends, so that versions stay consecutive. */
    async lock(db: Db, id: string): Promise<ParticipantState | null> {
      await db.$queryRaw`SELECT id FROM programme_participant WHERE id = ${id}::uuid FOR UPDATE`;
      return openFound(await db.participant.findUnique({ where: { id } }));
    },

    /** Participants under a condition, newest first. */
    async list(
      db: Db,
      where: Prisma.ParticipantWhereInput,
      { where: after, orderBy, take }: Keyset,
    ): Promise<readonly ParticipantState[]> {
      const rows = await db.participant.findMany({ where: { AND: [where, after] }, orderBy, take });
      return rows.map(open);
    },

    /** Stores whether a hold keeps a locked participant. */
    async hold(db: Db, { id, held }: ParticipantState): Promise<void> {
      await db.participant.update({ where: { id }, data: { held } });
    },

    /** Empties a locked participant: who it is, whom it named, what it is found by, what its signals say. */
    async empty(db: Db, { id, erasedAt }: ParticipantState): Promise<void> {
      await db.participantKey.deleteMany({ where: { participantId: id } });
      await db.riskSignal.updateMany({ where: { participantId: id }, data: { detail: null } });
      await db.participant.update({ where: { id }, data: { participant: null, partner: null, erasedAt } });
    },

    /** Stores the counters of a locked participant. */
    async count(db: Db, { id, sessionsAttended, sessionsMissed, version }: ParticipantState): Promise<void> {
      await db.participant.update({ where: { id }, data: { sessionsAttended, sessionsMissed, version } });
    },
  };
}
