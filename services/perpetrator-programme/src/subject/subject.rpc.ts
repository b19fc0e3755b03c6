import { type Handlers, query, type SubjectField, subjectFields } from '@midas/kit';
import {
  ExportParticipantResponse,
  Participant,
  type ProgrammeServiceService,
  ProgrammeSession,
} from '@midas/proto/perpetrator_programme/v1/programme';
import { Capacity } from '@midas/proto/subject/v1/records';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { participantMessage } from '../participant/participant.rpc.ts';
import type { ParticipantStore } from '../participant/participant.store.ts';
import { sessionMessage } from '../session/session.rpc.ts';
import type { SessionStore } from '../session/session.store.ts';

interface Deps {
  readonly participants: ParticipantStore;
  readonly sessions: SessionStore;
}

const ofSubject = { capacity: 'SUBJECT' } as const;

/**
 * Handler of subject access: the programme's own, for a participant. Risk signals are left out whether or not there
 * is one: that the survivor side was told would tell the participant of it.
 */
export function subjectHandlers({
  participants,
  sessions,
}: Deps): Pick<Handlers<typeof ProgrammeServiceService, PrismaClient>, 'exportParticipant'> {
  return {
    exportParticipant: query(async ({ participantId }, reader) => {
      const found = await participants.find(reader.db, participantId);
      const state = reader.require('export', 'Participant', found);
      const held = await sessions.ofParticipant(reader.db, participantId);
      const records = [
        {
          ...recordOf('participant', state.id, state.recordedAt),
          fields: fieldsOf(subjectFields(Participant, participantMessage(state), ofSubject)),
        },
        ...held.map((session) => ({
          ...recordOf('programme-session', session.id, session.recordedAt),
          fields: fieldsOf(subjectFields(ProgrammeSession, sessionMessage(session), ofSubject)),
        })),
      ];
      const message = ExportParticipantResponse.fromPartial({ participantId, records });
      return {
        answer: reader.show('ParticipantExport', state, ExportParticipantResponse, message),
        audit: [participantId, ...held.map(({ id }) => id)],
      };
    }),
  };
}

const fieldsOf = (fields: readonly SubjectField[]): SubjectField[] => [...fields];
const recordOf = (kind: string, recordId: string, recordedAt: Date) => ({
  kind,
  recordId,
  capacity: Capacity.SUBJECT,
  recordedAt,
});
