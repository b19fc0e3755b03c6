import { notFound, on, type Remote, type Subscription, type Unit } from '@midas/kit';
import { PersonRole, type PersonServiceService } from '@midas/proto/case/v1/case';
import { RiskLevel } from '@midas/proto/common/v1/risk';
import { AssessmentRecorded } from '@midas/proto/risk/v1/events';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { AssessmentStore } from './assessment.store.ts';
import { ASSESSMENT_VERSION, type Assessment } from './assessment.ts';

/** Tells the level that an assessment gave; the answers stay here. */
export function publishRecorded(unit: Pick<Unit<never>, 'publish'>, assessment: Assessment): void {
  unit.publish(
    AssessmentRecorded,
    {
      assessmentId: assessment.id,
      incidentId: assessment.incidentId ?? '',
      instrument: assessment.instrument,
      level: RiskLevel[assessment.level],
      occurredAt: assessment.occurredAt,
      organisation: assessment.organisation,
    },
    { type: 'assessment', id: assessment.id, version: ASSESSMENT_VERSION },
    assessment.occurredAt,
  );
}

interface Deps {
  readonly db: PrismaClient;
  readonly assessments: AssessmentStore;
  readonly persons: Remote<PersonServiceService>;
}

/**
 * Hears its own AssessmentRecorded to find out whom a worker's assessment is about; one made for an incident knows
 * already. Writing one person to one row commutes with everything.
 */
export function assessmentSubscriptions({
  db,
  assessments,
  persons,
}: Deps): readonly Subscription<PrismaClient>[] {
  return [
    on(AssessmentRecorded, {
      prepare: async ({ assessmentId, incidentId }: AssessmentRecorded): Promise<string | undefined> => {
        if (incidentId !== '') return undefined;
        const assessment = await assessments.find(db, assessmentId);
        if (assessment === null) throw notFound('Assessment');
        const { personIds } = await persons.resolvePersons({
          sourceKind: 'assessment',
          sourceId: assessmentId,
          persons: [{ role: PersonRole.VICTIM, particulars: assessment.sent.person }],
        });
        return personIds[0];
      },
      apply: async ({ assessmentId }, unit, personId) => {
        if (personId !== undefined) await assessments.identify(unit.db, assessmentId, personId);
      },
    }),
  ];
}
