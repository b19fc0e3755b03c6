import { notFound, on, type Remote, type Subscription, type Unit } from '@midas/kit';
import type { PersonServiceService } from '@midas/proto/case/v1/case';
import { IncidentReported } from '@midas/proto/referral/v1/events';
import { IncidentKind } from '@midas/proto/referral/v1/referral';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { personsOf } from '../persons.ts';
import type { IncidentStore } from './incident.store.ts';
import { INCIDENT_VERSION, type Incident } from './incident.ts';

/** Tells that an incident was reported; who needs the answers asks for them by id. */
export function publishReported(unit: Pick<Unit<never>, 'publish'>, incident: Incident): void {
  unit.publish(
    IncidentReported,
    {
      incidentId: incident.id,
      organisation: incident.organisation,
      occurredAt: incident.occurredAt,
      reportedAt: incident.reportedAt,
      kind: IncidentKind[incident.kind],
      hasRiskAnswers: incident.sent.riskAnswers !== undefined,
    },
    { type: 'incident', id: incident.id, version: INCIDENT_VERSION },
    incident.occurredAt,
  );
}

interface Deps {
  readonly db: PrismaClient;
  readonly incidents: IncidentStore;
  readonly persons: Remote<PersonServiceService>;
}

/** Hears its own IncidentReported to find out whom it is about, so that a conflict of interest can hide it. */
export function incidentSubscriptions({ db, incidents, persons }: Deps): Subscription<PrismaClient> {
  return on(IncidentReported, {
    prepare: async ({ incidentId: id }: IncidentReported): Promise<readonly string[]> => {
      const incident = await incidents.find(db, id);
      if (incident === null) throw notFound('Incident');
      const { sent } = incident;
      return personsOf(persons, { kind: 'incident', id }, sent.victim, sent.perpetrators);
    },
    apply: ({ incidentId }, unit, personIds) => incidents.identify(unit.db, incidentId, personIds),
  });
}
