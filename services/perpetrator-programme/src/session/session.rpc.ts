import { type Call, command, type Handlers } from '@midas/kit';
import {
  type ProgrammeServiceService,
  ProgrammeSession,
} from '@midas/proto/perpetrator_programme/v1/programme';
import type { PrismaClient, ProgrammeSession as Row } from '../../gen/prisma/client.ts';
import type { ParticipantStore } from '../participant/participant.store.ts';
import { recordSession } from '../participant/participant.ts';
import { publishSession } from './session.events.ts';
import type { SessionStore } from './session.store.ts';

interface Deps {
  readonly participants: ParticipantStore;
  readonly sessions: SessionStore;
  readonly newId: () => string;
}

/** Handler of sessions: recorded for a participant, attended or missed. */
export function sessionHandlers({
  participants,
  sessions,
  newId,
}: Deps): Pick<Handlers<typeof ProgrammeServiceService, PrismaClient>, 'recordProgrammeSession'> {
  // A session is seen by whoever sees its participant.
  const show = (call: Call, of: { readonly facilitator: string }, row: Row): ProgrammeSession =>
    call.show('Participant', of, ProgrammeSession, sessionMessage(row));

  return {
    recordProgrammeSession: command({
      decide: async ({ participantId, heldAt: asked, attended }, unit) => {
        const participant = await participants.lock(unit.db, participantId);
        const before = unit.require('attend', 'Participant', participant);
        const heldAt = asked ?? unit.now;
        const after = recordSession(before, { heldAt, attended }, unit.now);
        const session = { id: newId(), participantId, heldAt, attended, recordedAt: unit.now };
        await sessions.add(unit.db, session);
        await participants.count(unit.db, after);
        publishSession(unit, after, session);
        return {
          id: session.id,
          version: after.version,
          answer: show(unit, after, session),
          audit: [session.id, participantId],
        };
      },
      reread: async (id, reader) => {
        const row = await sessions.find(reader.db, id);
        const of = reader.require('read', 'Participant', row?.enrolment);
        if (row === null) throw new Error('a session without a row was permitted');
        return show(reader, of, row);
      },
    }),
  };
}

/** A session as the contract has it. */
export const sessionMessage = (row: Row): ProgrammeSession => ({
  sessionId: row.id,
  participantId: row.participantId,
  heldAt: row.heldAt,
  attended: row.attended,
  recordedAt: row.recordedAt,
});
