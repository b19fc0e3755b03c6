import {
  type Call,
  command,
  enumName,
  fail,
  type Handlers,
  query,
  type Reader,
  type Tx,
  type Unit,
} from '@midas/kit';
import {
  LawfulBasis,
  ShareGrant,
  ShareGrantStatus,
  ShareScope,
  type ShareServiceService,
  WithdrawConsentResponse,
} from '@midas/proto/case/v1/access';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { CaseStore } from '../case/case.store.ts';
import { checkTime, refuseClosed } from '../case/case.ts';
import { publishShare } from './share.events.ts';
import type { ShareRow, ShareStore } from './share.store.ts';
import {
  decideShare,
  endShare,
  grantShare,
  type ShareDecision,
  type ShareGrant as State,
  statusOf,
  withdrawConsent,
} from './share.ts';

type ShareHandlers = Omit<
  Handlers<typeof ShareServiceService, PrismaClient>,
  'getSharedCase' | 'listSharedCases'
>;

interface Deps {
  readonly shares: ShareStore;
  readonly cases: CaseStore;
  readonly newId: () => string;
}

/** Handlers of share grants: granted, ended, decided on, and what becomes of them when consent is withdrawn. */
export function shareHandlers({ shares, cases, newId }: Deps): ShareHandlers {
  const show = (call: Call, row: ShareRow): ShareGrant =>
    call.show('ShareGrant', row, ShareGrant, shareMessage(shares.state(row), row.recordedAt, call.now));

  const reread = async (id: string, reader: Reader<PrismaClient>): Promise<ShareGrant> =>
    show(reader, reader.require('read', 'ShareGrant', await shares.find(reader.db, id)));

  /** One decision on one known grant. */
  async function change(
    unit: Unit<PrismaClient>,
    action: 'end' | 'decide',
    id: string,
    decide: (grant: State) => ShareDecision,
  ) {
    const row = unit.require(action, 'ShareGrant', await shares.lock(unit.db, id));
    unit.match(show(unit, row));
    const decision = decide(shares.state(row));
    const changed = await shares.update(unit.db, decision.state);
    publishShare(unit, decision);
    return { id, version: decision.state.version, answer: show(unit, changed), audit: [id, row.caseId] };
  }

  async function withdrawal(db: Tx<PrismaClient>, id: string): Promise<WithdrawConsentResponse> {
    const touched = await shares.touched(db, id);
    const idsOf = (isConsent: boolean): string[] =>
      touched.flatMap((grant) => ((grant.lawfulBasis === 'CONSENT') === isConsent ? [grant.id] : []));
    return WithdrawConsentResponse.fromPartial({
      consentWithdrawalId: id,
      endedShareGrantIds: idsOf(true),
      markedShareGrantIds: idsOf(false),
    });
  }

  return {
    grantShare: command({
      decide: async (request, unit) => {
        const { caseId, organisation, purpose, consentGiven, overrideReason, expiresAt } = request;
        const row = unit.require('share', 'Case', await cases.lock(unit.db, caseId));
        refuseClosed(row);
        const decision = grantShare(
          {
            id: newId(),
            caseId,
            organisation,
            purpose,
            scope: enumName(ShareScope, request.scope),
            lawfulBasis: enumName(LawfulBasis, request.lawfulBasis),
            consentGiven,
            overrideReason,
            owner: unit.caller.userName,
            expiresAt,
          },
          unit.now,
        );
        const granted = await shares.add(unit.db, decision.state, unit.now);
        publishShare(unit, decision);
        return { id: granted.id, version: 1, answer: show(unit, granted), audit: [granted.id, caseId] };
      },
      reread,
    }),

    getShareGrant: query(async ({ shareGrantId }, reader) => ({
      answer: await reread(shareGrantId, reader),
      audit: [shareGrantId],
    })),

    listShareGrants: query(async ({ caseId, pageSize, pageToken }, reader) => {
      reader.require('read', 'Case', await cases.find(reader.db, caseId));
      const permitted = reader.where('read', 'ShareGrant');
      const { rows, nextPageToken } = await reader.page(
        { size: pageSize, token: pageToken, binding: ['share-grants', caseId] },
        (wanted) => shares.list(reader.db, caseId, permitted, wanted),
      );
      return {
        answer: { shareGrants: rows.map((row) => show(reader, row)), nextPageToken },
        audit: [caseId, ...rows.map(({ id }) => id)],
      };
    }),

    endShareGrant: command({
      decide: ({ shareGrantId }, unit) =>
        change(unit, 'end', shareGrantId, (grant) => endShare(grant, unit.now)),
      reread,
    }),

    decideShareGrant: command({
      decide: ({ shareGrantId, keep, reason }, unit) =>
        change(unit, 'decide', shareGrantId, (grant) => decideShare(grant, { keep, reason }, unit.now)),
      reread,
    }),

    withdrawConsent: command({
      decide: async ({ caseId, occurredAt }, unit) => {
        const row = unit.require('share', 'Case', await cases.lock(unit.db, caseId));
        const at = occurredAt ?? unit.now;
        checkTime(row, at, unit.now);
        const id = newId();
        await shares.addWithdrawal(unit.db, {
          id,
          caseId,
          occurredAt: at,
          recordedBy: unit.caller.userName,
          recordedAt: unit.now,
        });
        for (const grant of await shares.open(unit.db, caseId)) {
          const decision = withdrawConsent(grant, { id, at }, unit.now);
          if (decision === null) continue;
          await shares.update(unit.db, decision.state);
          publishShare(unit, decision);
        }
        const answer = await withdrawal(unit.db, id);
        const touched = [...answer.endedShareGrantIds, ...answer.markedShareGrantIds];
        return { id, version: 1, answer, audit: [id, caseId, ...touched] };
      },
      reread: async (id, reader) => {
        const row = await shares.findWithdrawal(reader.db, id);
        if (row === null) return fail('internal', 'internal', 'A withdrawal that was recorded is gone.');
        reader.require('share', 'Case', await cases.find(reader.db, row.caseId));
        return withdrawal(reader.db, id);
      },
    }),
  };
}

/** The grant as it is answered, nothing masked. */
export const shareMessage = (grant: State, recordedAt: Date, now: Date): ShareGrant => ({
  shareGrantId: grant.id,
  caseId: grant.caseId,
  organisation: grant.organisation,
  purpose: grant.purpose,
  scope: ShareScope[grant.scope],
  lawfulBasis: LawfulBasis[grant.lawfulBasis],
  consentGiven: grant.consentGiven,
  overrideReason: grant.overrideReason,
  status: ShareGrantStatus[statusOf(grant, now)],
  grantedAt: grant.grantedAt,
  expiresAt: grant.expiresAt,
  endedAt: grant.endedAt ?? undefined,
  owner: grant.owner,
  consentWithdrawnAt: grant.consentWithdrawnAt ?? undefined,
  decisionDueAt: grant.decisionDueAt ?? undefined,
  decidedAt: grant.decidedAt ?? undefined,
  decisionReason: grant.decisionReason,
  recordedAt,
  maskedFields: [],
});
