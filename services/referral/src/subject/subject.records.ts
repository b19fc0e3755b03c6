import {
  type Codec,
  retentionByPerson,
  type Standing,
  type SubjectRecordEntry,
  type SubjectRecords,
  subjectFields,
  yearsLater,
} from '@midas/kit';
import { Particulars } from '@midas/proto/common/v1/people';
import {
  Incident as IncidentMessage,
  Referral as ReferralMessage,
  ReportIncidentRequest,
  SubmitReferralRequest,
} from '@midas/proto/referral/v1/referral';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { incidentMessage } from '../incident/incident.rpc.ts';
import type { IncidentStore } from '../incident/incident.store.ts';
import { referralMessage } from '../referral/referral.rpc.ts';
import type { ReferralStore } from '../referral/referral.store.ts';

interface Deps {
  readonly incidents: IncidentStore;
  readonly referrals: ReferralStore;
  readonly retentionYears: number;
}

/** What referral holds of a data subject: incidents and referrals, about the person or naming the person beside. */
export function referralRecords({
  incidents,
  referrals,
  retentionYears,
}: Deps): SubjectRecords<PrismaClient> {
  const naming = (personIds: readonly string[]) => ({ personIds: { hasSome: [...personIds] } });
  return {
    async find(db, personIds) {
      const reported = await incidents.ofPersons(db, personIds);
      const referred = await referrals.ofPersons(db, personIds);
      return [
        ...reported.flatMap((row) =>
          entries('incident', IncidentMessage, row, incidentMessage(row), {
            ...parties.ofIncident(row),
            personIds,
          }),
        ),
        ...referred.flatMap((row) =>
          entries('referral', ReferralMessage, row, referralMessage(row), {
            ...parties.ofReferral(row),
            personIds,
          }),
        ),
      ];
    },

    async recordIds(db, personIds) {
      const query = { where: naming(personIds), select: { id: true } } as const;
      const rows = [...(await db.incident.findMany(query)), ...(await db.referral.findMany(query))];
      return rows.map(({ id }) => id);
    },

    async retention(db, personIds) {
      const query = { where: naming(personIds), select: { personIds: true, recordedAt: true } } as const;
      const rows = [...(await db.incident.findMany(query)), ...(await db.referral.findMany(query))];
      return retentionByPerson(
        rows.flatMap(({ personIds: named, recordedAt }) =>
          named
            .filter((personId) => personIds.includes(personId))
            .map((personId) => ({ personId, keepUntil: yearsLater(recordedAt, retentionYears) })),
        ),
      );
    },

    async erase(db, personIds) {
      let erased = 0;
      for (const row of await incidents.ofPersons(db, personIds)) {
        const left = without(parties.ofIncident(row), personIds);
        if (left === 'unchanged') continue;
        const kept = left === 'nothing' ? {} : { ...row.sent, perpetrators: left };
        await incidents.replaceSent(db, row.id, ReportIncidentRequest.fromPartial(kept));
        erased += 1;
      }
      for (const row of await referrals.ofPersons(db, personIds)) {
        const left = without(parties.ofReferral(row), personIds);
        if (left === 'unchanged') continue;
        const kept = left === 'nothing' ? {} : { ...row.sent, allegedPerpetrators: left };
        await referrals.replaceSent(db, row.id, SubmitReferralRequest.fromPartial(kept), left === 'nothing');
        erased += 1;
      }
      return erased;
    },
  };
}

/** Who a record is about, who is named beside, and as which persons they are known, in that order. */
export interface Parties {
  readonly about: Particulars | undefined;
  readonly beside: readonly Particulars[];
  readonly known: readonly string[];
}

const parties = {
  ofIncident: (row: Parameters<typeof incidentMessage>[0]): Parties => ({
    about: row.sent.victim,
    beside: row.sent.perpetrators,
    known: row.personIds,
  }),
  ofReferral: (row: Parameters<typeof referralMessage>[0]): Parties => ({
    about: row.sent.person,
    beside: row.sent.allegedPerpetrators,
    known: row.personIds,
  }),
};

/** Those named beside who stay when these persons are erased; nothing at all stays of a record about one of them. */
export function without(
  { about, beside, known }: Parties,
  personIds: readonly string[],
): readonly Particulars[] | 'nothing' | 'unchanged' {
  const [subject, ...named] = known;
  if (subject !== undefined && personIds.includes(subject))
    return about === undefined ? 'unchanged' : 'nothing';
  const isGone = (told: Particulars, place: number): boolean =>
    told.familyName !== '' && personIds.includes(named[place] ?? '');
  if (!beside.some(isGone)) return 'unchanged';
  return beside.map((told, place) => (isGone(told, place) ? Particulars.fromPartial({}) : told));
}

function entries<T extends object>(
  kind: string,
  codec: Codec<T>,
  row: { readonly id: string; readonly recordedAt: Date },
  message: T,
  { about, beside, known, personIds }: Parties & { readonly personIds: readonly string[] },
): readonly SubjectRecordEntry[] {
  const [subject, ...named] = known;
  const standings: Standing[] = beside.flatMap(({ familyName }, position) =>
    familyName !== '' && personIds.includes(named[position] ?? '')
      ? [{ capacity: 'ALLEGED_PERPETRATOR' as const, position }]
      : [],
  );
  if (about !== undefined && subject !== undefined && personIds.includes(subject))
    standings.unshift({ capacity: 'SUBJECT' });
  return standings.map((standing) => ({
    kind,
    id: row.id,
    standing,
    recordedAt: row.recordedAt,
    fields: subjectFields(codec, message, standing),
  }));
}
