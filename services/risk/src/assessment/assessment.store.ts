import type { Keyset, Sealer } from '@midas/kit';
import { RecordAssessmentRequest } from '@midas/proto/risk/v1/risk';
import type { Prisma, PrismaClient, Assessment as Row } from '../../gen/prisma/client.ts';
import type { Assessment } from './assessment.ts';

type Db = Pick<PrismaClient, 'assessment'>;
export type AssessmentStore = ReturnType<typeof assessmentStore>;

/** Assessments in the database. What was sent is sealed. */
export function assessmentStore(sealer: Sealer) {
  const sent = sealer.column('assessment', 'sent');
  const open = (row: Row): Assessment => ({
    ...row,
    sent: sent.open(row.id, RecordAssessmentRequest, row.sent),
  });

  return {
    async add(db: Db, assessment: Assessment): Promise<void> {
      const sealed = sent.seal(assessment.id, RecordAssessmentRequest, assessment.sent);
      await db.assessment.createMany({ data: [{ ...assessment, sent: sealed }] });
    },

    async find(db: Db, id: string): Promise<Assessment | null> {
      const row = await db.assessment.findUnique({ where: { id } });
      return row && open(row);
    },

    /** Writes down who a worker's assessment is about. */
    async identify(db: Db, id: string, personId: string): Promise<void> {
      await db.assessment.updateMany({ where: { id }, data: { personId } });
    },

    /** Assessments of these persons that have not been erased. */
    async ofPersons(db: Db, personIds: readonly string[]): Promise<readonly Assessment[]> {
      const rows = await db.assessment.findMany({
        where: { personId: { in: [...personIds] } },
        orderBy: [{ recordedAt: 'asc' }, { id: 'asc' }],
      });
      return rows.map(open).filter(({ sent }) => sent.person !== undefined);
    },

    /** Puts other content in the place of what was sent. */
    async replaceSent(db: Db, id: string, content: RecordAssessmentRequest): Promise<void> {
      const data = { sent: sent.seal(id, RecordAssessmentRequest, content) };
      await db.assessment.updateMany({ where: { id }, data });
    },

    /** Assessments under a condition, newest first. */
    async list(db: Db, where: Prisma.AssessmentWhereInput, page: Keyset): Promise<readonly Assessment[]> {
      const rows = await db.assessment.findMany({ ...page, where: { AND: [where, page.where] } });
      return rows.map(open);
    },
  };
}
