import { command, enumName, type Handlers, query, type Reader, type Unit } from '@midas/kit';
import {
  ErasureGround,
  type Participant,
  type ProgrammeServiceService,
} from '@midas/proto/perpetrator_programme/v1/programme';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { participantsPage, showParticipant } from '../participant/participant.rpc.ts';
import type { ParticipantStore } from '../participant/participant.store.ts';
import type { ParticipantState } from '../participant/participant.ts';
import { dueBefore, type KeepingStore } from './keeping.store.ts';
import { erase, keptSince, liftHold, placeHold } from './keeping.ts';

type KeepingHandlers = Pick<
  Handlers<typeof ProgrammeServiceService, PrismaClient>,
  'placeHold' | 'liftHold' | 'listParticipantsDue' | 'eraseParticipant'
>;

interface Deps {
  readonly participants: ParticipantStore;
  readonly decisions: KeepingStore;
  readonly newId: () => string;
  /** Years that a record is kept after what happened last. */
  readonly retentionYears: number;
}

/** Handlers of how long a participant's record is kept: holds, what is due, erasure. */
export function keepingHandlers({ participants, decisions, newId, retentionYears }: Deps): KeepingHandlers {
  /** The participant, locked, as this caller may act on it and has read it. */
  const locked = async (unit: Unit<PrismaClient>, action: string, id: string): Promise<ParticipantState> => {
    const state = unit.require(action, 'Participant', await participants.lock(unit.db, id));
    unit.match(showParticipant(unit, state));
    return state;
  };
  const reread = async (id: string, reader: Reader<PrismaClient>): Promise<Participant> =>
    showParticipant(reader, reader.require('read', 'Participant', await participants.find(reader.db, id)));
  const decided = (unit: Unit<PrismaClient>, participantId: string) => ({
    id: newId(),
    participantId,
    reason: null,
    ground: null,
    decidedBy: unit.caller.userName,
    decidedAt: unit.now,
  });
  const answered = (unit: Unit<PrismaClient>, after: ParticipantState) => ({
    id: after.id,
    version: after.version,
    answer: showParticipant(unit, after),
  });

  return {
    placeHold: command({
      decide: async ({ participantId, reason }, unit) => {
        const after = placeHold(await locked(unit, 'hold', participantId));
        await participants.hold(unit.db, after);
        await decisions.add(unit.db, { ...decided(unit, participantId), kind: 'HOLD_PLACED', reason });
        return answered(unit, after);
      },
      reread,
    }),

    liftHold: command({
      decide: async ({ participantId, reason }, unit) => {
        const after = liftHold(await locked(unit, 'hold', participantId));
        await participants.hold(unit.db, after);
        await decisions.add(unit.db, { ...decided(unit, participantId), kind: 'HOLD_LIFTED', reason });
        return answered(unit, after);
      },
      reread,
    }),

    listParticipantsDue: query(({ pageSize, pageToken }, reader) =>
      participantsPage(
        participants,
        reader,
        { size: pageSize, token: pageToken, binding: ['due'] },
        dueBefore(keptSince(reader.now, retentionYears)),
      ),
    ),

    eraseParticipant: command({
      decide: async ({ participantId, ground: asked }, unit) => {
        const before = await locked(unit, 'erase', participantId);
        const ground = enumName(ErasureGround, asked);
        const isDue = await decisions.isDue(unit.db, participantId, keptSince(unit.now, retentionYears));
        const after = erase(before, { ground, isDue }, unit.now);
        await participants.empty(unit.db, after);
        await decisions.empty(unit.db, participantId);
        await decisions.add(unit.db, { ...decided(unit, participantId), kind: 'ERASED', ground });
        return answered(unit, after);
      },
      reread,
    }),
  };
}
