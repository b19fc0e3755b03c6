import { type Call, command, enumNameOrNull, type Handlers, query, type Reader } from '@midas/kit';
import {
  MaracStatus,
  MaracReferral as Message,
  RepeatFinding,
  type RiskServiceService,
} from '@midas/proto/risk/v1/risk';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { publishHeard, publishReferred } from './marac.events.ts';
import type { MaracStore } from './marac.store.ts';
import { asReferred, hear, type MaracReferral, referToMarac, requireSameSending } from './marac.ts';

type MaracHandlers = Pick<
  Handlers<RiskServiceService, PrismaClient>,
  'referToMarac' | 'getMaracReferral' | 'listMaracReferrals' | 'hearMaracReferral'
>;

interface Deps {
  readonly referrals: MaracStore;
  readonly newId: () => string;
}

export function maracHandlers({ referrals, newId }: Deps): MaracHandlers {
  async function reread(id: string, call: Reader<PrismaClient>): Promise<Message> {
    return show(call, call.require('read', 'MaracReferral', await referrals.find(call.db, id)));
  }

  return {
    referToMarac: command({
      decide: async (sent, unit) => {
        const { organisation, subject: recordedBy } = unit.caller;
        const made = referToMarac({ id: newId(), organisation, recordedBy, sent, now: unit.now });
        const { referral, added } = await referrals.add(unit.db, made);
        if (added) publishReferred(unit, referral);
        else requireSameSending(referral, made);
        return { id: referral.id, version: referral.version, answer: show(unit, asReferred(referral)) };
      },
      // Sent again, it is answered as the first time; where it stands by now is for those who may read it.
      reread: async (id, call) => {
        const referral = call.require('read', 'MaracReferral', await referrals.find(call.db, id));
        return show(call, asReferred(referral));
      },
    }),

    getMaracReferral: query(async ({ maracReferralId }, call) => ({
      answer: await reread(maracReferralId, call),
      audit: [maracReferralId],
      etag: true,
    })),

    listMaracReferrals: query(async (request, call) => {
      const status = enumNameOrNull(MaracStatus, request.status);
      const where = { AND: [call.where('read', 'MaracReferral'), status ? { status } : {}] };
      const { rows, nextPageToken } = await call.page(
        { size: request.pageSize, token: request.pageToken, binding: ['marac-referrals', status] },
        (keyset) => referrals.list(call.db, where, keyset),
      );
      const answer = { maracReferrals: rows.map((referral) => show(call, referral)), nextPageToken };
      return { answer, audit: rows.map(({ id }) => id) };
    }),

    hearMaracReferral: command({
      decide: async (request, unit) => {
        const found = await referrals.find(unit.db, request.maracReferralId);
        const referral = unit.require('hear', 'MaracReferral', found);
        unit.match(show(unit, referral));
        const heard = hear(referral, request, unit.now);
        await referrals.update(unit.db, heard);
        publishHeard(unit, heard);
        return { id: heard.id, version: heard.version, answer: show(unit, heard) };
      },
      reread,
    }),
  };
}

/** What this caller may see: who does not see minutes gets them masked, whether there are any or not. */
function show(call: Call, referral: MaracReferral): Message {
  const message = maracMessage(referral);
  const minutes = call.may('see-minutes', 'MaracReferral', referral);
  const seen = minutes ? message : { ...message, minutes: '', maskedFields: ['minutes'] };
  return call.show('MaracReferral', referral, Message, seen);
}

/** The referral as it is answered, nothing masked. */
export function maracMessage(referral: MaracReferral): Message {
  const { sent, repeat } = referral;
  return {
    maracReferralId: referral.id,
    sourceSystem: referral.sourceSystem ?? '',
    sourceReference: referral.sourceReference ?? '',
    status: MaracStatus[referral.status],
    victim: sent.victim,
    perpetrators: sent.perpetrators,
    incident: sent.incident,
    criteria: sent.criteria,
    referredAt: referral.referredAt,
    recordedAt: referral.recordedAt,
    heardAt: referral.heardAt ?? undefined,
    repeat: repeat === null ? RepeatFinding.UNSPECIFIED : RepeatFinding[repeat ? 'REPEAT' : 'NOT_REPEAT'],
    repeatWindowMonths: referral.repeatWindowMonths ?? 0,
    organisation: referral.organisation,
    reason: sent.reason,
    minutes: referral.minutes ?? '',
    maskedFields: [],
  };
}
