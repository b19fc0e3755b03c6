import { type Call, command, enumName, type Handlers, query } from '@midas/kit';
import {
  IncidentKind,
  Incident as Message,
  type ReferralServiceService,
  ReportedIncident,
} from '@midas/proto/referral/v1/referral';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { requireSameContent } from '../source.ts';
import { publishReported } from './incident.events.ts';
import type { IncidentStore } from './incident.store.ts';
import { INCIDENT_VERSION, type Incident, reportIncident } from './incident.ts';

type CallWithDb = Call & { readonly db: Pick<PrismaClient, 'incident'> };
type IncidentHandlers = Pick<
  Handlers<typeof ReferralServiceService, PrismaClient>,
  'reportIncident' | 'getIncident' | 'listIncidents' | 'getReportedIncident'
>;

interface Deps {
  readonly incidents: IncidentStore;
  readonly newId: () => string;
}

export function incidentHandlers({ incidents, newId }: Deps): IncidentHandlers {
  /** The incident; 404 alike when it is unknown and when the caller may not read it. */
  const load = async (call: CallWithDb, id: string): Promise<Incident> =>
    call.require('read', 'Incident', await incidents.find(call.db, id));

  const reread = async (id: string, call: CallWithDb) => show(call, await load(call, id));

  return {
    reportIncident: command({
      decide: async (sent, unit) => {
        const reported = reportIncident({
          id: newId(),
          organisation: unit.caller.organisation,
          kind: enumName(IncidentKind, sent.kind),
          sent,
          now: unit.now,
        });
        const { incident, added } = await incidents.add(unit.db, reported);
        if (added) publishReported(unit, incident);
        else requireSameContent(incident, reported);
        return { id: incident.id, version: INCIDENT_VERSION, answer: show(unit, incident) };
      },
      reread,
    }),

    getIncident: query(async ({ incidentId }, call) => ({
      answer: await reread(incidentId, call),
      audit: [incidentId],
    })),

    listIncidents: query(async ({ pageSize, pageToken }, call) => {
      const where = call.where('read', 'Incident');
      const request = { size: pageSize, token: pageToken, binding: ['incidents'] };
      const found = await call.page(request, (keyset) => incidents.list(call.db, where, keyset));
      const answer = {
        incidents: found.rows.map((incident) => show(call, incident)),
        nextPageToken: found.nextPageToken,
      };
      return { answer, audit: found.rows.map(({ id }) => id) };
    }),

    getReportedIncident: query(async ({ incidentId }, call) => {
      const incident = await load(call, incidentId);
      const answer = {
        incidentId,
        occurredAt: incident.occurredAt,
        reportedAt: incident.reportedAt,
        kind: IncidentKind[incident.kind],
        victim: incident.sent.victim,
        perpetrators: incident.sent.perpetrators,
        riskAnswers: incident.sent.riskAnswers,
      };
      return { answer: call.show('Incident', incident, ReportedIncident, answer), audit: [incidentId] };
    }),
  };
}

const show = (call: Call, incident: Incident): Message =>
  call.show('Incident', incident, Message, incidentMessage(incident));

/** The incident as it is answered, nothing masked. */
export function incidentMessage(incident: Incident): Message {
  return {
    incidentId: incident.id,
    sourceSystem: incident.sourceSystem,
    sourceReference: incident.sourceReference,
    occurredAt: incident.occurredAt,
    reportedAt: incident.reportedAt,
    recordedAt: incident.recordedAt,
    kind: IncidentKind[incident.kind],
    organisation: incident.organisation,
    victim: incident.sent.victim,
    perpetrators: incident.sent.perpetrators,
    riskAnswers: incident.sent.riskAnswers,
    description: incident.sent.description,
    maskedFields: [],
  };
}
