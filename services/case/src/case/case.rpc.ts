import { type Call, command, enumName, type Handlers, query, type Reader } from '@midas/kit';
import {
  Case,
  CaseForHealth,
  type CaseServiceService,
  CaseStatus,
  ClosureReason,
} from '@midas/proto/case/v1/case';
import type { Prisma, PrismaClient } from '../../gen/prisma/client.ts';
import type { ShareStore } from '../share/share.store.ts';
import { publishCase } from './case.events.ts';
import type { CaseRow, CaseStore } from './case.store.ts';
import { allocateCase, closeCase } from './case.ts';

type CaseHandlers = Pick<
  Handlers<typeof CaseServiceService, PrismaClient>,
  'getCase' | 'listCases' | 'allocateCase' | 'closeCase' | 'getCaseForHealth'
>;

interface Deps {
  readonly cases: CaseStore;
  readonly shares: ShareStore;
}

/** Handlers of cases: read, list, allocate, close, and what health-access asks. */
export function caseHandlers({ cases, shares }: Deps): CaseHandlers {
  const show = (call: Call, row: CaseRow): Case =>
    call.show('Case', row, Case, caseMessage(row, cases.open(row)));

  const reread = async (id: string, reader: Reader<PrismaClient>): Promise<Case> =>
    show(reader, reader.require('read', 'Case', await cases.find(reader.db, id)));

  return {
    getCase: query(async ({ caseId }, reader) => ({ answer: await reread(caseId, reader), audit: [caseId] })),

    listCases: query(async (request, reader) => {
      const filter = filterOf(request.status, request.referralId);
      const permitted = reader.where('read', 'Case');
      const { rows, nextPageToken } = await reader.page(
        {
          size: request.pageSize,
          token: request.pageToken,
          binding: ['cases', request.status, request.referralId],
        },
        (wanted) => cases.list(reader.db, { AND: [permitted, filter] }, wanted),
      );
      return {
        answer: { cases: rows.map((row) => show(reader, row)), nextPageToken },
        audit: rows.map(({ id }) => id),
      };
    }),

    allocateCase: command({
      decide: async ({ caseId, worker, team, occurredAt }, unit) => {
        const row = unit.require('allocate', 'Case', await cases.lock(unit.db, caseId));
        unit.match(show(unit, row));
        const decision = allocateCase(
          cases.state(row),
          { worker, team, at: occurredAt ?? unit.now },
          unit.now,
        );
        const changed = await cases.update(unit.db, decision.state);
        await shares.handOver(unit.db, caseId, worker);
        publishCase(unit, decision);
        return { id: caseId, version: changed.version, answer: show(unit, changed) };
      },
      reread,
    }),

    closeCase: command({
      decide: async ({ caseId, reason, note, occurredAt }, unit) => {
        const row = unit.require('close', 'Case', await cases.lock(unit.db, caseId));
        unit.match(show(unit, row));
        const closing = { reason: enumName(ClosureReason, reason), at: occurredAt ?? unit.now };
        const decision = closeCase(cases.state(row), closing, unit.now);
        const changed = await cases.update(unit.db, decision.state, note);
        publishCase(unit, decision);
        return { id: caseId, version: changed.version, answer: show(unit, changed) };
      },
      reread,
    }),

    getCaseForHealth: query(async ({ caseId }, reader) => {
      const row = reader.require('read', 'CaseForHealth', await cases.find(reader.db, caseId));
      const message = CaseForHealth.fromPartial({
        caseId: row.id,
        personId: row.personId,
        team: row.team ?? '',
        person: cases.open(row).person,
      });
      return { answer: reader.show('CaseForHealth', row, CaseForHealth, message), audit: [caseId] };
    }),
  };
}

const filterOf = (status: CaseStatus, referralId: string): Prisma.CaseWhereInput => ({
  ...(status === CaseStatus.OPEN && { closedAt: null }),
  ...(status === CaseStatus.CLOSED && { closedAt: { not: null } }),
  ...(referralId !== '' && { referralId }),
});

/** The case as it is answered, nothing masked. */
export const caseMessage = (row: CaseRow, opened: ReturnType<CaseStore['open']>): Case => ({
  caseId: row.id,
  referralId: row.referralId,
  status: row.closedAt === null ? CaseStatus.OPEN : CaseStatus.CLOSED,
  openedAt: row.openedAt,
  worker: row.worker ?? '',
  team: row.team ?? '',
  allocatedAt: row.allocatedAt ?? undefined,
  engagedAt: row.engagedAt ?? undefined,
  closedAt: row.closedAt ?? undefined,
  closureReason: ClosureReason[row.closureReason ?? 'UNSPECIFIED'],
  person: opened.person,
  allegedPerpetrators: opened.allegedPerpetrators,
  closureNote: opened.closureNote,
  maskedFields: [],
});
