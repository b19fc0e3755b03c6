import type { Keyset, Sealer } from '@midas/kit';
import { ReportIncidentRequest } from '@midas/proto/referral/v1/referral';
import type { Prisma, PrismaClient, Incident as Row } from '../../gen/prisma/client.ts';
import type { Incident } from './incident.ts';

type Db = Pick<PrismaClient, 'incident'>;
export type IncidentStore = ReturnType<typeof incidentStore>;

/** Incidents in the database; what was sent is sealed. */
export function incidentStore(sealer: Sealer) {
  const sent = sealer.column('incident', 'sent');
  const seal = (incident: Incident) => ({
    ...incident,
    sent: sent.seal(incident.id, ReportIncidentRequest, incident.sent),
  });
  const open = (row: Row): Incident => ({ ...row, sent: sent.open(row.id, ReportIncidentRequest, row.sent) });

  return {
    /** Stores a new incident, or answers with the one that its organisation sent under the same reference. */
    async add(db: Db, incident: Incident): Promise<{ readonly incident: Incident; readonly added: boolean }> {
      const { count } = await db.incident.createMany({ data: [seal(incident)], skipDuplicates: true });
      if (count === 1) return { incident, added: true };
      const { organisation, sourceSystem, sourceReference } = incident;
      const where = { organisation, sourceSystem, sourceReference };
      return { incident: open(await db.incident.findFirstOrThrow({ where })), added: false };
    },

    async find(db: Db, id: string): Promise<Incident | null> {
      const row = await db.incident.findUnique({ where: { id } });
      return row && open(row);
    },

    /** Writes down whom an incident is about. */
    async identify(db: Db, id: string, personIds: readonly string[]): Promise<void> {
      await db.incident.updateMany({ where: { id }, data: { personIds: [...personIds] } });
    },

    /** Incidents that name these persons, oldest first. */
    async ofPersons(db: Db, personIds: readonly string[]): Promise<readonly Incident[]> {
      const rows = await db.incident.findMany({
        where: { personIds: { hasSome: [...personIds] } },
        orderBy: [{ recordedAt: 'asc' }, { id: 'asc' }],
      });
      return rows.map(open);
    },

    /** Puts other content in the place of what was sent. */
    async replaceSent(db: Db, id: string, content: ReportIncidentRequest): Promise<void> {
      const data = { sent: sent.seal(id, ReportIncidentRequest, content) };
      await db.incident.updateMany({ where: { id }, data });
    },

    /** Incidents under a condition, newest first. */
    async list(db: Db, where: Prisma.IncidentWhereInput, keyset: Keyset): Promise<readonly Incident[]> {
      const rows = await db.incident.findMany({ ...keyset, where: { AND: [where, keyset.where] } });
      return rows.map(open);
    },
  };
}
