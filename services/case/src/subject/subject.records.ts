import {
  type Retention,
  retentionByPerson,
  type Sealer,
  type Standing,
  type SubjectRecordEntry,
  type SubjectRecords,
  subjectFields,
  type Tx,
  yearsLater,
} from '@midas/kit';
import { ShareGrant } from '@midas/proto/case/v1/access';
import { Case, Contact } from '@midas/proto/case/v1/case';
import { Particulars } from '@midas/proto/common/v1/people';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { caseMessage } from '../case/case.rpc.ts';
import type { CaseRow, CaseStore } from '../case/case.store.ts';
import { contactMessage } from '../case/contact.rpc.ts';
import type { ContactStore } from '../case/contact.store.ts';
import type { PersonStore } from '../person/person.store.ts';
import { SIGNALLED } from '../programme/programme.ts';
import { shareMessage } from '../share/share.rpc.ts';
import type { ShareStore } from '../share/share.store.ts';

interface Deps {
  readonly sealer: Sealer;
  readonly persons: PersonStore;
  readonly cases: CaseStore;
  readonly contacts: ContactStore;
  readonly shares: ShareStore;
  readonly retentionYears: number;
  readonly now: () => Date;
}

/**
 * What `case` holds of a data subject: particulars as they were sent, cases and contacts. Signals of the programme and
 * the particulars that came with them are in no copy: each of them tells that somebody else takes part in it.
 */
export function caseRecords(deps: Deps): SubjectRecords<PrismaClient> {
  const { persons, cases, contacts, shares, retentionYears, now } = deps;
  return {
    async find(db, personIds) {
      const ids = { in: [...personIds] };
      const order = { orderBy: [{ recordedAt: 'asc' as const }, { id: 'asc' as const }] };
      const where = { personId: ids, sourceKind: { not: SIGNALLED } };
      const sendings = await db.personParticulars.findMany({ where, ...order });
      const told = sendings
        .map((row) => ({ row, particulars: persons.open(row) }))
        .filter(({ particulars }) => particulars.familyName !== '');
      const rows = await cases.ofPersons(db, personIds);
      const own = rows.filter(({ personId }) => personIds.includes(personId));
      const caseIds = own.map(({ id }) => id);
      const logged = await contacts.ofCases(db, caseIds);
      const shared = await shares.ofCases(db, caseIds);
      return [
        ...told.map(({ row, particulars }): SubjectRecordEntry => {
          const isNamed = row.part.startsWith('alleged-perpetrator');
          return {
            kind: 'particulars',
            id: row.id,
            standing: isNamed ? { capacity: 'ALLEGED_PERPETRATOR', position: 0 } : { capacity: 'SUBJECT' },
            recordedAt: row.recordedAt,
            // Whatever part it was sent for, it tells of this person alone.
            fields: subjectFields(Particulars, particulars, { capacity: 'SUBJECT' }),
          };
        }),
        ...rows.flatMap((row) => caseEntries(row, cases, personIds)),
        ...logged.map(
          (row): SubjectRecordEntry => ({
            kind: 'contact',
            id: row.id,
            standing: { capacity: 'SUBJECT' },
            recordedAt: row.recordedAt,
            fields: subjectFields(Contact, contactMessage(row, contacts.openNote(row)), {
              capacity: 'SUBJECT',
            }),
          }),
        ),
        ...shared.map(
          (row): SubjectRecordEntry => ({
            kind: 'share-grant',
            id: row.id,
            standing: { capacity: 'SUBJECT' },
            recordedAt: row.recordedAt,
            fields: subjectFields(ShareGrant, shareMessage(shares.state(row), row.recordedAt, now()), {
              capacity: 'SUBJECT',
            }),
          }),
        ),
      ];
    },

    async recordIds(db, personIds) {
      const rows = await cases.ofPersons(db, personIds);
      const members = await db.groupMember.findMany({
        where: { personId: { in: [...personIds] } },
        select: { id: true },
      });
      const caseIds = rows.map(({ id }) => id);
      const logged = await contacts.ofCases(db, caseIds);
      const shared = await shares.ofCases(db, caseIds);
      const opened = await db.breakGlass.findMany({
        where: { personId: { in: [...personIds] } },
        select: { id: true },
      });
      return [...rows, ...members, ...logged, ...shared, ...opened].map(({ id }) => id);
    },

    async retention(db, personIds) {
      const ids = { in: [...personIds] };
      const known = await db.person.findMany({ where: { id: ids, erasedAt: null } });
      const rows = await cases.ofPersons(db, personIds);
      const asked = new Set(personIds);
      const entries: Retention[] = [
        ...known.map(({ id, recordedAt }) => ({
          personId: id,
          keepUntil: yearsLater(recordedAt, retentionYears),
        })),
        ...rows.flatMap((row) =>
          concernedIn(row)
            .filter((personId) => asked.has(personId))
            .map((personId) => ({
              personId,
              keepUntil: row.closedAt === null ? null : yearsLater(row.closedAt, retentionYears),
            })),
        ),
      ];
      return retentionByPerson(entries);
    },

    erase: (db, personIds) => erase(deps, db, personIds),
  };
}

const concernedIn = ({ personId, allegedPerpetrators }: CaseRow): readonly string[] => [
  personId,
  ...allegedPerpetrators.map((named) => named.personId),
];

function caseEntries(
  row: CaseRow,
  cases: CaseStore,
  personIds: readonly string[],
): readonly SubjectRecordEntry[] {
  const message = caseMessage(row, cases.open(row));
  const standings: Standing[] = row.allegedPerpetrators.flatMap(({ personId }, position) =>
    personIds.includes(personId) ? [{ capacity: 'ALLEGED_PERPETRATOR' as const, position }] : [],
  );
  if (personIds.includes(row.personId)) standings.unshift({ capacity: 'SUBJECT' });
  return standings.map((standing) => ({
    kind: 'case',
    id: row.id,
    standing,
    recordedAt: row.recordedAt,
    fields: subjectFields(Case, message, standing),
  }));
}

/** Empties what people typed about openings in an emergency and conflicts of interest, which stay as they happened. */
async function eraseReasons(sealer: Sealer, db: Tx<PrismaClient>, personIds: string[]): Promise<void> {
  const ofPerson = { personId: { in: personIds } };
  const opened = sealer.column('break_glass', 'reason');
  for (const { id } of await db.breakGlass.findMany({ where: ofPerson, select: { id: true } }))
    await db.breakGlass.update({
      where: { id },
      data: { reason: opened.sealText(id, ''), reviewNote: null },
    });
  const blocked = sealer.column('conflict_block', 'reason');
  const where = { OR: [ofPerson, { otherPersonIds: { hasSome: personIds } }] };
  for (const { id } of await db.conflictBlock.findMany({ where, select: { id: true } }))
    await db.conflictBlock.update({ where: { id }, data: { reason: blocked.sealText(id, '') } });
}

/** Empties particulars, notes and the survivor side's copies of signals; forgets by what the persons are recognised. */
async function erase(
  { sealer, now }: Deps,
  db: Tx<PrismaClient>,
  personIds: readonly string[],
): Promise<number> {
  const ids = { in: [...personIds] };
  const nobody = Particulars.fromPartial({});
  const particulars = sealer.column('person_particulars', 'particulars');
  for (const { id } of await db.personParticulars.findMany({
    where: { personId: ids },
    select: { id: true },
  }))
    await db.personParticulars.update({
      where: { id },
      data: { particulars: particulars.seal(id, Particulars, nobody) },
    });
  await db.personKey.deleteMany({ where: { personId: ids } });
  await db.contact.updateMany({ where: { case: { personId: ids } }, data: { note: null } });
  await db.case.updateMany({ where: { personId: ids }, data: { closureNote: null } });
  await db.shareGrant.updateMany({
    where: { case: { personId: ids } },
    data: { overrideReason: null, decisionReason: null },
  });
  await eraseReasons(sealer, db, ids.in);
  const place = (column: 'participant' | 'partner') => sealer.column('programme_signal', column);
  const signals = await db.programmeSignal.findMany({
    where: { OR: [{ partnerPersonId: ids }, { participantPersonId: ids }] },
  });
  for (const { id, partnerPersonId, participantPersonId } of signals) {
    const empty = (column: 'participant' | 'partner', personId: string | null) =>
      personId !== null && personIds.includes(personId)
        ? { [column]: place(column).seal(id, Particulars, nobody) }
        : {};
    await db.programmeSignal.update({
      where: { id },
      data: {
        ...empty('partner', partnerPersonId),
        ...empty('participant', participantPersonId),
        riskSignalDetail: null,
      },
    });
  }
  const { count } = await db.person.updateMany({
    where: { id: ids, erasedAt: null },
    data: { erasedAt: now() },
  });
  return count;
}
