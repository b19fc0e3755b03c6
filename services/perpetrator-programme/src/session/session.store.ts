import { fail, isUniqueViolation, type Tx } from '@midas/kit';
import type { Prisma, PrismaClient, ProgrammeSession } from '../../gen/prisma/client.ts';

type Db = Tx<PrismaClient>;
export type SessionStore = ReturnType<typeof sessionStore>;

const withEnrolment = { enrolment: { select: { facilitator: true } } } as const;
export type SessionRow = Prisma.ProgrammeSessionGetPayload<{ include: typeof withEnrolment }>;

/** Sessions of participants in the database. */
export function sessionStore() {
  return {
    /** Stores a session. Fails with conflict `session-already-recorded` for the same time again. */
    async add(db: Db, data: ProgrammeSession): Promise<void> {
      try {
        await db.programmeSession.create({ data });
      } catch (error) {
        if (!isUniqueViolation(error, 'programme_session')) throw error;
        fail(
          'conflict',
          'session-already-recorded',
          'A session of this participant at this time was recorded already.',
        );
      }
    },

    /** A participant's sessions, by when they were held. */
    ofParticipant: (db: Db, participantId: string): Promise<readonly ProgrammeSession[]> =>
      db.programmeSession.findMany({ where: { participantId }, orderBy: { heldAt: 'asc' } }),

    find: (db: Db, id: string): Promise<SessionRow | null> =>
      db.programmeSession.findUnique({ where: { id }, include: withEnrolment }),
  };
}
