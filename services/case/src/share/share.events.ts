import type { Unit } from '@midas/kit';
import { LawfulBasis, ShareScope } from '@midas/proto/case/v1/access';
import { ShareEnded, ShareGranted, ShareMarked } from '@midas/proto/case/v1/events';
import type { ShareDecision } from './share.ts';

/** Publishes what a decision says happened to a grant. */
export function publishShare(unit: Pick<Unit<never>, 'publish'>, { state, events }: ShareDecision): void {
  const { id: shareGrantId, caseId } = state;
  for (const event of events) {
    const aggregate = { type: 'share-grant', id: shareGrantId, version: event.version };
    switch (event.kind) {
      case 'granted': {
        const { organisation, purpose, expiresAt } = state;
        const scope = ShareScope[state.scope];
        const lawfulBasis = LawfulBasis[state.lawfulBasis];
        unit.publish(
          ShareGranted,
          { shareGrantId, caseId, organisation, purpose, scope, lawfulBasis, expiresAt },
          aggregate,
          event.at,
        );
        break;
      }
      case 'ended':
        unit.publish(ShareEnded, { shareGrantId, caseId, endedAt: event.at }, aggregate, event.at);
        break;
      case 'marked': {
        const { decisionDueAt } = event;
        unit.publish(ShareMarked, { shareGrantId, caseId, decisionDueAt }, aggregate, event.at);
        break;
      }
    }
  }
}
