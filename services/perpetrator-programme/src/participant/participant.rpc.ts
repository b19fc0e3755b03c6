import {
  type Call,
  command,
  enumName,
  fail,
  type Handlers,
  type PageRequest,
  query,
  type Reader,
} from '@midas/kit';
import {
  Participant,
  ParticipantStatus,
  ProgrammeReferralRoute,
  type ProgrammeServiceService,
} from '@midas/proto/perpetrator_programme/v1/programme';
import type { Prisma, PrismaClient } from '../../gen/prisma/client.ts';
import { searchedKeys } from './identity.ts';
import { publishEnrolment } from './participant.events.ts';
import type { ParticipantStore } from './participant.store.ts';
import { enrol, type ParticipantState } from './participant.ts';

type ParticipantHandlers = Pick<
  Handlers<typeof ProgrammeServiceService, PrismaClient>,
  'enrolParticipant' | 'getParticipant' | 'listParticipants' | 'searchParticipants'
>;

interface Deps {
  readonly participants: ParticipantStore;
  readonly newId: () => string;
}

/** Handlers of participants: enrol, read, list, search. */
export function participantHandlers({ participants, newId }: Deps): ParticipantHandlers {
  const reread = async (id: string, reader: Reader<PrismaClient>): Promise<Participant> =>
    showParticipant(reader, reader.require('read', 'Participant', await participants.find(reader.db, id)));

  return {
    enrolParticipant: command({
      decide: async ({ participant, partner, route, occurredAt }, unit) => {
        const state = enrol(
          {
            id: newId(),
            route: enumName(ProgrammeReferralRoute, route),
            participant: participant ?? missing('participant'),
            partner: partner ?? missing('partner'),
            facilitator: unit.caller.userName,
            enrolledAt: occurredAt ?? unit.now,
          },
          unit.now,
        );
        await participants.add(unit.db, state);
        publishEnrolment(unit, state);
        return { id: state.id, version: state.version, answer: showParticipant(unit, state) };
      },
      reread,
    }),

    getParticipant: query(async ({ participantId }, reader) => ({
      answer: await reread(participantId, reader),
      audit: [participantId],
    })),

    listParticipants: query(({ pageSize, pageToken }, reader) =>
      participantsPage(participants, reader, { size: pageSize, token: pageToken, binding: ['participants'] }),
    ),

    searchParticipants: query(({ pageSize, pageToken, nhsNumber, familyName, birthDate }, reader) =>
      participantsPage(
        participants,
        reader,
        { size: pageSize, token: pageToken, binding: ['search', nhsNumber, familyName, birthDate] },
        participants.found(searchedKeys({ nhsNumber, familyName, birthDate })),
      ),
    ),
  };
}

/** A participant as this caller may see it. */
export const showParticipant = (call: Call, state: ParticipantState): Participant =>
  call.show('Participant', state, Participant, participantMessage(state));

/** One page of participants: what may be seen of which is decided here for every list and search. */
export async function participantsPage(
  participants: ParticipantStore,
  reader: Reader<PrismaClient>,
  asked: PageRequest,
  sought: Prisma.ParticipantWhereInput = {},
) {
  const permitted = reader.where('read', 'Participant');
  const { rows, nextPageToken } = await reader.page(asked, (wanted) =>
    participants.list(reader.db, { AND: [permitted, sought] }, wanted),
  );
  return {
    answer: { participants: rows.map((state) => showParticipant(reader, state)), nextPageToken },
    audit: rows.map(({ id }) => id),
  };
}

const missing = (field: string): never =>
  fail('invalid', 'particulars-missing', 'Particulars are missing.', [
    { field, rule: 'required', message: 'is required' },
  ]);

/** A participant as the contract has it. */
export const participantMessage = (state: ParticipantState): Participant => ({
  participantId: state.id,
  status: state.erasedAt === null ? ParticipantStatus.ENROLLED : ParticipantStatus.ERASED,
  route: ProgrammeReferralRoute[state.route],
  participant: state.participant ?? undefined,
  partner: state.partner ?? undefined,
  facilitator: state.facilitator,
  enrolledAt: state.enrolledAt,
  recordedAt: state.recordedAt,
  sessionsAttended: state.sessionsAttended,
  sessionsMissed: state.sessionsMissed,
  maskedFields: [],
  held: state.held,
  erasedAt: state.erasedAt ?? undefined,
});
