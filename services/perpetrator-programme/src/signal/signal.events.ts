import type { Unit } from '@midas/kit';
import { RiskSignalRaised } from '@midas/proto/perpetrator_programme/v1/events';
import { RiskSignalKind } from '@midas/proto/perpetrator_programme/v1/programme';
import { aggregateOf } from '../participant/participant.events.ts';
import type { ParticipantState } from '../participant/participant.ts';
import type { Signal } from './signal.store.ts';

/** Publishes a risk signal, one way: its kind and ids, never what was said. */
export function publishSignal(
  unit: Pick<Unit<never>, 'publish'>,
  state: ParticipantState,
  signal: Signal,
): void {
  unit.publish(
    RiskSignalRaised,
    {
      riskSignalId: signal.id,
      participantId: state.id,
      kind: RiskSignalKind[signal.kind],
      occurredAt: signal.occurredAt,
    },
    aggregateOf(state),
    signal.occurredAt,
  );
}
