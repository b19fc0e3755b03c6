import { on, type Remote, type Subscription } from '@midas/kit';
import { PersonRole, type PersonServiceService } from '@midas/proto/case/v1/case';
import { IncidentReported } from '@midas/proto/referral/v1/events';
import type { ReferralServiceService, ReportedIncident } from '@midas/proto/referral/v1/referral';
import type { RecordAssessmentRequest } from '@midas/proto/risk/v1/risk';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { publishRecorded } from '../assessment/assessment.events.ts';
import type { AssessmentStore } from '../assessment/assessment.store.ts';
import { assessIncident } from '../assessment/assessment.ts';
import { addIncident } from './incident.store.ts';
import { heardIncident, type Incident } from './incident.ts';

interface Deps {
  readonly assessments: AssessmentStore;
  readonly referral: Remote<ReferralServiceService>;
  readonly persons: Remote<PersonServiceService>;
  readonly newId: () => string;
}

/** An incident as `referral` holds it, and its persons by id, the victim first. */
interface Fetched {
  readonly reported: ReportedIncident;
  readonly personIds: readonly string[];
}

/**
 * Hears IncidentReported: keeps who and when, and assesses the answers that came with it, if any. Answers that cannot
 * be assessed are no reason to lose the incident: it is kept with the name of the problem.
 */
export function incidentSubscriptions({
  assessments,
  referral,
  persons,
  newId,
}: Deps): readonly Subscription<PrismaClient>[] {
  async function fetch({ incidentId }: IncidentReported): Promise<Fetched> {
    const reported = await referral.getReportedIncident({ incidentId });
    const victim = reported.victim ? [{ role: PersonRole.VICTIM, particulars: reported.victim }] : [];
    const perpetrators = reported.perpetrators.map((particulars) => ({
      role: PersonRole.ALLEGED_PERPETRATOR,
      particulars,
    }));
    const { personIds } = await persons.resolvePersons({
      sourceKind: 'incident',
      sourceId: incidentId,
      persons: [...victim, ...perpetrators],
    });
    return { reported, personIds };
  }

  const assess = (
    { id, organisation, victimPersonId, perpetratorPersonIds, reportedAt }: Incident,
    { reported }: Fetched,
    now: Date,
  ) => {
    const { riskAnswers, victim: person } = reported;
    if (riskAnswers === undefined) return undefined;
    const sent: RecordAssessmentRequest = { person, riskAnswers };
    const occurredAt = riskAnswers.answeredAt ?? reportedAt;
    const about = { incidentId: id, personId: victimPersonId, perpetratorPersonIds };
    const made = { id: newId(), ...about, organisation, recordedBy: null };
    return assessIncident({ ...made, sent, occurredAt, now }, riskAnswers);
  };

  return [
    on(IncidentReported, {
      prepare: fetch,
      apply: async (event, unit, fetched) => {
        const incident = heardIncident(event, fetched.personIds, unit.now);
        const assessed = assess(incident, fetched, unit.now);
        const problem = assessed !== undefined && 'slug' in assessed ? assessed : undefined;
        if (!(await addIncident(unit.db, { ...incident, assessmentProblem: problem?.slug ?? null }))) return;
        if (problem)
          unit.log.warn({ incidentId: incident.id, problem: problem.slug }, 'answers cannot be assessed');
        if (assessed === undefined || 'slug' in assessed) return;
        await assessments.add(unit.db, assessed);
        publishRecorded(unit, assessed);
      },
    }),
  ];
}
