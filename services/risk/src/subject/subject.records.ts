import {
  type Retention,
  retentionByPerson,
  type SubjectRecordEntry,
  type SubjectRecords,
  subjectFields,
  yearsLater,
} from '@midas/kit';
import { Particulars } from '@midas/proto/common/v1/people';
import {
  Assessment as AssessmentMessage,
  MaracReferral as MaracMessage,
  RecordAssessmentRequest,
  ReferToMaracRequest,
} from '@midas/proto/risk/v1/risk';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { assessmentMessage } from '../assessment/assessment.rpc.ts';
import type { AssessmentStore } from '../assessment/assessment.store.ts';
import type { Assessment } from '../assessment/assessment.ts';
import { maracMessage } from '../marac/marac.rpc.ts';
import { type MaracStore, namesAny } from '../marac/marac.store.ts';
import type { MaracReferral } from '../marac/marac.ts';

interface Deps {
  readonly assessments: AssessmentStore;
  readonly referrals: MaracStore;
  readonly retentionYears: number;
}

/** What risk holds of a data subject: assessments, and MARAC referrals as victim or as alleged perpetrator. */
export function riskRecords({ assessments, referrals, retentionYears }: Deps): SubjectRecords<PrismaClient> {
  const keptUntil = (recordedAt: Date): Date => yearsLater(recordedAt, retentionYears);
  return {
    async find(db, personIds) {
      const [assessed, referred] = [
        await assessments.ofPersons(db, personIds),
        await referrals.ofPersons(db, personIds),
      ];
      return [...assessed.map(assessmentEntry), ...referred.flatMap((row) => maracEntries(row, personIds))];
    },

    async recordIds(db, personIds) {
      const [assessed, referred] = [
        await db.assessment.findMany({ where: { personId: { in: [...personIds] } }, select: { id: true } }),
        await db.maracReferral.findMany({ where: namesAny(personIds), select: { id: true } }),
      ];
      return [...assessed, ...referred].map(({ id }) => id);
    },

    async retention(db, personIds) {
      const select = { victimPersonId: true, perpetratorPersonIds: true, recordedAt: true } as const;
      const [assessed, referred] = [
        await db.assessment.findMany({
          where: { personId: { in: [...personIds] } },
          select: { personId: true, recordedAt: true },
        }),
        await db.maracReferral.findMany({ where: namesAny(personIds), select }),
      ];
      const asked = new Set(personIds);
      const entries: Retention[] = [
        ...assessed.map(({ personId, recordedAt }) => ({ personId: personId ?? '', recordedAt })),
        ...referred.flatMap(({ victimPersonId, perpetratorPersonIds, recordedAt }) =>
          [victimPersonId ?? '', ...perpetratorPersonIds].map((personId) => ({ personId, recordedAt })),
        ),
      ]
        .filter(({ personId }) => asked.has(personId))
        .map(({ personId, recordedAt }) => ({ personId, keepUntil: keptUntil(recordedAt) }));
      return retentionByPerson(entries);
    },

    async erase(db, personIds) {
      let erased = 0;
      for (const { id } of await assessments.ofPersons(db, personIds)) {
        await assessments.replaceSent(db, id, RecordAssessmentRequest.fromPartial({}));
        erased += 1;
      }
      for (const referral of await referrals.ofPersons(db, personIds)) {
        const sent = withoutPersons(referral, personIds);
        if (sent === undefined) continue;
        await referrals.replaceSent(db, referral.id, sent, sent.victim === undefined);
        erased += 1;
      }
      return erased;
    },
  };
}

/**
 * What stays of a referral when these persons are erased: nothing when it is about one of them, all but their own
 * entries when it names them beside. Undefined when nothing changes.
 */
export function withoutPersons(
  { sent, victimPersonId, perpetratorPersonIds }: MaracReferral,
  personIds: readonly string[],
): ReferToMaracRequest | undefined {
  if (victimPersonId !== null && personIds.includes(victimPersonId)) {
    return sent.victim === undefined ? undefined : ReferToMaracRequest.fromPartial({});
  }
  const gone = sent.perpetrators.map(
    (named, place) => isTold(named) && personIds.includes(perpetratorPersonIds[place] ?? ''),
  );
  if (!gone.includes(true)) return undefined;
  const perpetrators = sent.perpetrators.map((named, place) =>
    gone[place] ? Particulars.fromPartial({}) : named,
  );
  return ReferToMaracRequest.fromPartial({ ...sent, perpetrators });
}

const isTold = ({ familyName }: Particulars): boolean => familyName !== '';

const assessmentEntry = (assessment: Assessment): SubjectRecordEntry => ({
  kind: 'assessment',
  id: assessment.id,
  standing: { capacity: 'SUBJECT' },
  recordedAt: assessment.recordedAt,
  fields: subjectFields(AssessmentMessage, assessmentMessage(assessment), { capacity: 'SUBJECT' }),
});

function maracEntries(referral: MaracReferral, personIds: readonly string[]): SubjectRecordEntry[] {
  const { victimPersonId, perpetratorPersonIds, sent } = referral;
  const standings: SubjectRecordEntry['standing'][] = perpetratorPersonIds.flatMap((personId, position) => {
    const named = sent.perpetrators[position];
    const isHere = personIds.includes(personId) && named !== undefined && isTold(named);
    return isHere ? [{ capacity: 'ALLEGED_PERPETRATOR' as const, position }] : [];
  });
  if (victimPersonId !== null && personIds.includes(victimPersonId) && sent.victim !== undefined)
    standings.unshift({ capacity: 'SUBJECT' });
  return standings.map((standing) => ({
    kind: 'marac-referral',
    id: referral.id,
    standing,
    recordedAt: referral.recordedAt,
    fields: subjectFields(MaracMessage, maracMessage(referral), standing),
  }));
}
