import { type Call, command, enumName, enumNameOrNull, type Handlers, query, type Unit } from '@midas/kit';
import {
  AcceptedReferral,
  Referral as Message,
  ReferralKind,
  type ReferralServiceService,
  ReferralStatus,
  RejectionReason,
  SupportKind,
} from '@midas/proto/referral/v1/referral';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { requireSameContent } from '../source.ts';
import { publishReferral } from './referral.events.ts';
import type { ReferralStore } from './referral.store.ts';
import { acceptReferral, asSubmitted, type Referral, rejectReferral, submitReferral } from './referral.ts';

type CallWithDb = Call & { readonly db: Pick<PrismaClient, 'referral'> };
type Writes = Pick<Unit<PrismaClient>, 'match' | 'publish'>;
type ReferralHandlers = Pick<
  Handlers<typeof ReferralServiceService, PrismaClient>,
  | 'submitReferral'
  | 'getReferral'
  | 'listReferrals'
  | 'acceptReferral'
  | 'rejectReferral'
  | 'getAcceptedReferral'
>;

interface Deps {
  readonly referrals: ReferralStore;
  readonly newId: () => string;
}

export function referralHandlers({ referrals, newId }: Deps): ReferralHandlers {
  /** The referral, if the caller may do this to it; 404 alike when it is unknown and when it may not be read. */
  const load = async (call: CallWithDb, action: 'read' | 'triage', id: string): Promise<Referral> =>
    call.require(action, 'Referral', await referrals.find(call.db, id));

  const reread = async (id: string, call: CallWithDb) => show(call, await load(call, 'read', id));

  async function triage(unit: CallWithDb & Writes, id: string, decide: (referral: Referral) => Referral) {
    const referral = await load(unit, 'triage', id);
    unit.match(show(unit, referral));
    const decided = decide(referral);
    await referrals.decide(unit.db, decided);
    publishReferral(unit, decided);
    return { id, version: decided.version, answer: show(unit, decided) };
  }

  return {
    submitReferral: command({
      decide: async (sent, unit) => {
        const submitted = submitReferral({
          id: newId(),
          organisation: unit.caller.organisation,
          kind: enumName(ReferralKind, sent.kind),
          support: enumName(SupportKind, sent.support),
          sent,
          now: unit.now,
        });
        const { referral, added } = await referrals.add(unit.db, submitted);
        if (added) publishReferral(unit, referral);
        else requireSameContent(referral, submitted);
        return { id: referral.id, version: referral.version, answer: show(unit, asSubmitted(referral)) };
      },
      // Sent again, it is answered as the first time; where it stands by now is for those who may read it.
      reread: async (id, call) => show(call, asSubmitted(await load(call, 'read', id))),
    }),

    getReferral: query(async ({ referralId }, call) => ({
      answer: await reread(referralId, call),
      audit: [referralId],
    })),

    listReferrals: query(async ({ pageSize, pageToken, status }, call) => {
      const wanted = status && enumNameOrNull(ReferralStatus, status);
      const where = { AND: [call.where('read', 'Referral'), wanted ? { status: wanted } : {}] };
      const request = { size: pageSize, token: pageToken, binding: ['referrals', wanted] };
      const found = await call.page(request, (keyset) => referrals.list(call.db, where, keyset));
      const answer = {
        referrals: found.rows.map((referral) => show(call, referral)),
        nextPageToken: found.nextPageToken,
      };
      return { answer, audit: found.rows.map(({ id }) => id) };
    }),

    acceptReferral: command({
      decide: ({ referralId, occurredAt }, unit) => {
        const { organisation } = unit.caller;
        const at = { occurredAt, now: unit.now };
        return triage(unit, referralId, (referral) => acceptReferral(referral, organisation, at));
      },
      reread,
    }),

    rejectReferral: command({
      decide: (request, unit) => {
        const rejection = { reason: enumName(RejectionReason, request.reason), note: request.note || null };
        const at = { occurredAt: request.occurredAt, now: unit.now };
        return triage(unit, request.referralId, (referral) => rejectReferral(referral, rejection, at));
      },
      reread,
    }),

    getAcceptedReferral: query(async ({ referralId }, call) => {
      const referral = await load(call, 'read', referralId);
      const answer = {
        referralId,
        kind: ReferralKind[referral.kind],
        support: SupportKind[referral.support],
        referredAt: referral.referredAt,
        acceptedAt: referral.decidedAt ?? undefined,
        person: referral.sent.person,
        allegedPerpetrators: referral.sent.allegedPerpetrators,
        acceptedByOrganisation: referral.acceptedByOrganisation ?? '',
      };
      return { answer: call.show('Referral', referral, AcceptedReferral, answer), audit: [referralId] };
    }),
  };
}

/** What this caller may see: who does not see triage gets its fields masked, decided or not. */
function show(call: Call, referral: Referral): Message {
  const triage = call.may('see-triage', 'Referral', referral);
  const message = referralMessage(referral);
  const seen = triage ? message : { ...message, ...untriaged };
  return call.show('Referral', referral, Message, seen);
}

/** What a referral looks like to who does not see triage. */
const untriaged = {
  decidedAt: undefined,
  rejectionReason: RejectionReason.UNSPECIFIED,
  rejectionNote: '',
  maskedFields: ['decided_at', 'rejection_reason', 'rejection_note'],
};

/** The referral as it is answered, nothing masked. */
export function referralMessage(referral: Referral): Message {
  return {
    referralId: referral.id,
    sourceSystem: referral.sourceSystem ?? '',
    sourceReference: referral.sourceReference ?? '',
    kind: ReferralKind[referral.kind],
    support: SupportKind[referral.support],
    status: ReferralStatus[referral.status],
    referredAt: referral.referredAt,
    recordedAt: referral.recordedAt,
    decidedAt: referral.decidedAt ?? undefined,
    organisation: referral.organisation,
    person: referral.sent.person,
    allegedPerpetrators: referral.sent.allegedPerpetrators,
    consentGiven: referral.sent.consentGiven,
    reason: referral.sent.reason,
    rejectionReason: RejectionReason[referral.rejectionReason ?? 'UNSPECIFIED'],
    rejectionNote: referral.rejectionNote ?? '',
    maskedFields: [],
  };
}
