import { on, type Subscription, type Unit } from '@midas/kit';
import { ClosureReason } from '@midas/proto/case/v1/case';
import { CaseAllocated, CaseClosed, CaseEngaged, CaseOpened } from '@midas/proto/case/v1/events';
import { ReferralAccepted } from '@midas/proto/referral/v1/events';
import type { AcceptedReferral } from '@midas/proto/referral/v1/referral';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { PersonStore } from '../person/person.store.ts';
import type { CaseStore } from './case.store.ts';
import { type CaseDecision, openCase } from './case.ts';

/** Publishes what a decision says happened to a case. */
export function publishCase(unit: Pick<Unit<never>, 'publish'>, { state, events }: CaseDecision): void {
  for (const event of events) {
    const aggregate = { type: 'case', id: state.id, version: event.version };
    const { id: caseId, referralId, personId } = state;
    switch (event.kind) {
      case 'opened':
        unit.publish(CaseOpened, { caseId, referralId, personId, openedAt: event.at }, aggregate, event.at);
        break;
      case 'allocated':
        unit.publish(CaseAllocated, { caseId, team: event.team, allocatedAt: event.at }, aggregate, event.at);
        break;
      case 'engaged':
        unit.publish(CaseEngaged, { caseId, referralId, engagedAt: event.at }, aggregate, event.at);
        break;
      case 'closed':
        unit.publish(
          CaseClosed,
          { caseId, reason: ClosureReason[event.reason], closedAt: event.at },
          aggregate,
          event.at,
        );
        break;
    }
  }
}

interface Deps {
  readonly cases: CaseStore;
  readonly persons: PersonStore;
  readonly newId: () => string;
  /** Asks `referral` for what an accepted referral carries. */
  readonly acceptedReferral: (referralId: string) => Promise<AcceptedReferral>;
}

/** Opens one case for every accepted referral, with the persons that the referral names. */
export function openCaseOnAcceptance({
  cases,
  persons,
  newId,
  acceptedReferral,
}: Deps): Subscription<PrismaClient> {
  return on(ReferralAccepted, {
    prepare: ({ referralId }) => acceptedReferral(referralId),
    apply: async ({ referralId, acceptedAt }, unit, referral) => {
      if (referral.person === undefined) throw new Error('an accepted referral came without its person');
      const source = { kind: 'referral', id: referralId };
      const [person, ...allegedPerpetrators] = await persons.resolve(
        unit.db,
        source,
        [
          { role: 'victim', particulars: referral.person },
          ...referral.allegedPerpetrators.map((particulars) => ({
            role: 'alleged-perpetrator' as const,
            particulars,
          })),
        ],
        unit.now,
      );
      if (person === undefined) throw new Error('the person of a referral was not resolved');
      // Resolving holds the source, so nobody else opens a case for this referral meanwhile.
      if ((await cases.findByReferral(unit.db, referralId)) !== null) return;
      const decision = openCase({
        id: newId(),
        referralId,
        personId: person.personId,
        organisation: referral.acceptedByOrganisation || null,
        acceptedAt: acceptedAt ?? unit.occurredAt,
      });
      await cases.add(unit.db, decision.state, { person, allegedPerpetrators }, unit.now);
      publishCase(unit, decision);
    },
  });
}
