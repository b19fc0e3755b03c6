import { type Call, command, enumName, type Handlers, notFound, query } from '@midas/kit';
import {
  ProgrammeParticulars,
  type ProgrammeServiceService,
  RiskSignal,
  RiskSignalKind,
} from '@midas/proto/perpetrator_programme/v1/programme';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { ParticipantStore } from '../participant/participant.store.ts';
import { raiseSignal } from '../participant/participant.ts';
import { publishSignal } from './signal.events.ts';
import type { Signal, SignalStore } from './signal.store.ts';

interface Deps {
  readonly participants: ParticipantStore;
  readonly signals: SignalStore;
  readonly newId: () => string;
}

type SignalHandlers = Pick<
  Handlers<typeof ProgrammeServiceService, PrismaClient>,
  'raiseRiskSignal' | 'getProgrammeParticulars'
>;

/** Handlers of what leaves the programme: risk signals, and the particulars that `case` fetches for every event. */
export function signalHandlers({ participants, signals, newId }: Deps): SignalHandlers {
  // A signal is seen by whoever sees its participant.
  const show = (call: Call, of: { readonly facilitator: string }, signal: Signal): RiskSignal =>
    call.show('Participant', of, RiskSignal, toMessage(signal));

  return {
    raiseRiskSignal: command({
      decide: async ({ participantId, kind, detail, occurredAt: asked }, unit) => {
        const participant = await participants.lock(unit.db, participantId);
        const before = unit.require('signal', 'Participant', participant);
        const occurredAt = asked ?? unit.now;
        const after = raiseSignal(before, occurredAt, unit.now);
        const signal = {
          id: newId(),
          participantId,
          kind: enumName(RiskSignalKind, kind),
          detail,
          occurredAt,
          recordedAt: unit.now,
          raisedBy: unit.caller.userName,
        };
        await signals.add(unit.db, signal);
        await participants.count(unit.db, after);
        publishSignal(unit, after, signal);
        return {
          id: signal.id,
          version: after.version,
          answer: show(unit, after, signal),
          audit: [signal.id, participantId],
        };
      },
      reread: async (id, reader) => {
        const signal = await signals.find(reader.db, id);
        const of = reader.require('read', 'Participant', signal?.enrolment);
        if (signal === null) throw new Error('a signal without a row was permitted');
        return show(reader, of, signal);
      },
    }),

    getProgrammeParticulars: query(async ({ participantId, riskSignalId }, reader) => {
      const state = await participants.find(reader.db, participantId);
      const found = reader.require('read', 'ProgrammeParticulars', state);
      const signal = riskSignalId === '' ? undefined : await signals.find(reader.db, riskSignalId);
      if (signal === null || (signal && signal.participantId !== participantId)) throw notFound('RiskSignal');
      const message = {
        participantId,
        participant: found.participant ?? undefined,
        partner: found.partner ?? undefined,
        riskSignalDetail: signal?.detail ?? '',
        erased: found.erasedAt !== null,
      };
      return {
        answer: reader.show('ProgrammeParticulars', found, ProgrammeParticulars, message),
        audit: [participantId],
      };
    }),
  };
}

const toMessage = (signal: Signal): RiskSignal => ({
  riskSignalId: signal.id,
  participantId: signal.participantId,
  kind: RiskSignalKind[signal.kind],
  detail: signal.detail,
  occurredAt: signal.occurredAt,
  recordedAt: signal.recordedAt,
  maskedFields: [],
});
