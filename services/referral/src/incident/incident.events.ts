import type { Unit } from '@midas/kit';
import { IncidentReported } from '@midas/proto/referral/v1/events';
import { IncidentKind } from '@midas/proto/referral/v1/referral';
import { INCIDENT_VERSION, type Incident } from './incident.ts';

/** Tells that an incident was reported; who needs the answers asks for them by id. Hears nothing. */
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
