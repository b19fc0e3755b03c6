import { type Codec, enumName, on, type Subscription } from '@midas/kit';
import {
  ParticipantEnrolled,
  ProgrammeSessionAttended,
  ProgrammeSessionMissed,
  RiskSignalRaised,
} from '@midas/proto/perpetrator_programme/v1/events';
import { type ProgrammeParticulars, RiskSignalKind } from '@midas/proto/perpetrator_programme/v1/programme';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { NewSignal, ProgrammeStore } from './programme.store.ts';

interface Deps {
  readonly signals: ProgrammeStore;
  /** Asks the programme, as this service, for what one of its events concerns. */
  readonly particulars: (participantId: string, riskSignalId: string) => Promise<ProgrammeParticulars>;
}

/** What an event of the programme says by itself. */
type Told = Pick<NewSignal, 'kind' | 'participantId' | 'riskSignalKind'> & { readonly riskSignalId: string };

/**
 * Keeps every event of every participant alike, in a trace of its own: the same fetch, the same row. Whom it
 * concerns is looked up later, apart (`programme.matching.ts`), so that nothing the programme could observe
 * depends on whether a survivor is known.
 */
export function programmeSubscriptions({ signals, particulars }: Deps) {
  const hear = <Event extends { readonly participantId: string }>(
    codec: Codec<Event>,
    told: (event: Event) => Told,
  ): Subscription<PrismaClient> =>
    on(codec, {
      newTrace: true,
      prepare: (event) => particulars(event.participantId, told(event).riskSignalId),
      apply: async (event, unit, { participant, partner, riskSignalDetail, erased }) => {
        // An event that comes after its participant's record was erased tells of nobody any more.
        if (erased) return;
        if (participant === undefined || partner === undefined) {
          throw new Error('a programme event came without its particulars');
        }
        const { riskSignalId: _, ...signal } = told(event);
        await signals.add(
          unit.db,
          {
            ...signal,
            id: unit.eventId,
            occurredAt: unit.occurredAt,
            participant,
            partner,
            riskSignalDetail,
          },
          unit.now,
        );
      },
    });

  return [
    hear(ParticipantEnrolled, ({ participantId }) => plain('ENROLLED', participantId)),
    hear(ProgrammeSessionAttended, ({ participantId }) => plain('SESSION_ATTENDED', participantId)),
    hear(ProgrammeSessionMissed, ({ participantId }) => plain('SESSION_MISSED', participantId)),
    hear(RiskSignalRaised, ({ participantId, riskSignalId, kind }) => ({
      kind: 'RISK_SIGNAL',
      participantId,
      riskSignalId,
      riskSignalKind: enumName(RiskSignalKind, kind),
    })),
  ];
}

const plain = (kind: Told['kind'], participantId: string): Told => ({
  kind,
  participantId,
  riskSignalKind: null,
  riskSignalId: '',
});
