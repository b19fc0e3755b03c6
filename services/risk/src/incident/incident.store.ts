import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { Incident } from './incident.ts';

type Db = Pick<PrismaClient, 'incident'>;

/** Keeps an incident that was heard; one already kept stays as it is. */
export async function addIncident(db: Db, incident: Incident): Promise<boolean> {
  const { count } = await db.incident.createMany({ data: [incident], skipDuplicates: true });
  return count === 1;
}
