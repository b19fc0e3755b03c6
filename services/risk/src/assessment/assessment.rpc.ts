import { type Call, command, type Handlers, query, type Reader } from '@midas/kit';
import { RiskLevel } from '@midas/proto/common/v1/risk';
import { Assessment as Message, type RiskServiceService } from '@midas/proto/risk/v1/risk';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { publishRecorded } from './assessment.events.ts';
import type { AssessmentStore } from './assessment.store.ts';
import { ASSESSMENT_VERSION, type Assessment, recordAssessment, score } from './assessment.ts';

type AssessmentHandlers = Pick<
  Handlers<RiskServiceService, PrismaClient>,
  'recordAssessment' | 'getAssessment' | 'listAssessments'
>;

interface Deps {
  readonly assessments: AssessmentStore;
  readonly newId: () => string;
}

export function assessmentHandlers({ assessments, newId }: Deps): AssessmentHandlers {
  async function reread(id: string, call: Reader<PrismaClient>): Promise<Message> {
    return show(call, call.require('read', 'Assessment', await assessments.find(call.db, id)));
  }

  return {
    recordAssessment: command({
      decide: async (sent, unit) => {
        const { organisation, subject: recordedBy } = unit.caller;
        const assessment = recordAssessment({ id: newId(), organisation, recordedBy, sent, now: unit.now });
        await assessments.add(unit.db, assessment);
        publishRecorded(unit, assessment);
        return { id: assessment.id, version: ASSESSMENT_VERSION, answer: show(unit, assessment) };
      },
      reread,
    }),

    getAssessment: query(async ({ assessmentId }, call) => ({
      answer: await reread(assessmentId, call),
      audit: [assessmentId],
      etag: true,
    })),

    listAssessments: query(async (request, call) => {
      // Whoever may not see an assessment's incident learns nothing by asking for it.
      const ofIncident =
        request.incidentId === ''
          ? []
          : [{ incidentId: request.incidentId }, call.where('see-basis', 'Assessment')];
      const where = { AND: [call.where('read', 'Assessment'), ...ofIncident] };
      const { rows, nextPageToken } = await call.page(
        {
          size: request.pageSize,
          token: request.pageToken,
          binding: ['assessments', request.incidentId],
        },
        (keyset) => assessments.list(call.db, where, keyset),
      );
      const answer = { assessments: rows.map((assessment) => show(call, assessment)), nextPageToken };
      return { answer, audit: rows.map(({ id }) => id) };
    }),
  };
}

/** What this caller may see: the level alone, or also what it rests on. */
function show(call: Call, assessment: Assessment): Message {
  const message = assessmentMessage(assessment);
  const seen = call.may('see-basis', 'Assessment', assessment) ? message : levelAlone(message);
  return call.show('Assessment', assessment, Message, seen);
}

const levelAlone = (message: Message): Message => ({
  ...message,
  incidentId: '',
  instrument: '',
  instrumentVersion: '',
  levelReasons: [],
  organisation: '',
  maskedFields: ['incident_id', 'instrument', 'instrument_version', 'level_reasons', 'organisation'],
});

/** The assessment as it is answered, nothing masked. */
export function assessmentMessage(assessment: Assessment): Message {
  const { sent } = assessment;
  return {
    assessmentId: assessment.id,
    incidentId: assessment.incidentId ?? '',
    instrument: assessment.instrument,
    instrumentVersion: assessment.instrumentVersion,
    score: score(sent.riskAnswers?.answers ?? []),
    level: RiskLevel[assessment.level],
    levelReasons: assessment.levelReasons,
    riskAnswers: sent.riskAnswers,
    person: sent.person,
    occurredAt: assessment.occurredAt,
    recordedAt: assessment.recordedAt,
    organisation: assessment.organisation,
    maskedFields: [],
  };
}
