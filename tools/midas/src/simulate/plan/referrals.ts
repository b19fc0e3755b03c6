import { perpetratorParticulars, type Sender, victimParticulars } from '../people/particulars.ts';
import type { Random } from '../random.ts';
import { addMinutes } from '../time.ts';
import { ACTORS } from './actors.ts';
import { type Couple, daysLater } from './couple.ts';
import { type FindCase, type Post, ref } from './step.ts';

/** A door by which referrals come: the kind, who sends it, and from which system. */
export interface Door {
  readonly kind: string;
  readonly actor: string;
  readonly sourceSystem: string;
  readonly sender: Sender;
}

const own = (kind: string): Door => ({
  kind,
  actor: ACTORS.intake,
  sourceSystem: 'intake-desk',
  sender: 'other',
});

export const DOORS = {
  police: { kind: 'POLICE', actor: ACTORS.policeSystem, sourceSystem: 'police-records', sender: 'police' },
  victimSupport: {
    kind: 'VICTIM_SUPPORT',
    actor: ACTORS.victimSupportSystem,
    sourceSystem: 'vs-casework',
    sender: 'victim-support',
  },
  gp: { kind: 'GP', actor: ACTORS.primaryCareSystem, sourceSystem: 'gp-record', sender: 'health' },
  housing: { kind: 'HOUSING', actor: ACTORS.housingSystem, sourceSystem: 'housing-crm', sender: 'other' },
  socialCare: {
    kind: 'SOCIAL_CARE',
    actor: ACTORS.childrensSocialCareSystem,
    sourceSystem: 'social-care-hub',
    sender: 'other',
  },
  self: own('SELF'),
  marac: own('MARAC'),
  oneStopShop: own('ONE_STOP_SHOP'),
} as const satisfies Record<string, Door>;

/** A referral for support, before anybody decided on it. */
export interface ReferralDraft extends Couple {
  readonly id: string;
  readonly door: Door;
  readonly support: 'IDVA' | 'OUTREACH' | 'ADVICE' | 'FREEDOM_PROGRAMME';
  readonly referredAt: string;
}

const submitId = (id: string): string => `${id}/submit`;
export const caseId = (id: string): string => `${id}/case`;
export const allocateId = (id: string): string => `${id}/allocate`;

export function submitStep(draft: ReferralDraft, reference: (id: string) => string): Post {
  const { id, door, support, referredAt, victim, perpetrator } = draft;
  return {
    kind: 'post',
    id: submitId(id),
    at: referredAt,
    actor: door.actor,
    path: ['/v1/referrals'],
    body: {
      source_system: door.sourceSystem,
      source_reference: reference(id),
      kind: `REFERRAL_KIND_${door.kind}`,
      support: `SUPPORT_KIND_${support}`,
      referred_at: referredAt,
      person: victimParticulars(victim, door.sender),
      alleged_perpetrators: [perpetratorParticulars(perpetrator)],
      consent_given: true,
      reason: 'Asks for support after abuse by a partner or former partner.',
    },
    answer: 'referral_id',
  };
}

/** Intake decides one or two days later, on the referral as it reads it. */
function decision(
  draft: ReferralDraft,
  verb: 'accept' | 'reject',
  chance: Random,
): Omit<Post, 'body'> & { at: string } {
  const submitted = submitId(draft.id);
  return {
    kind: 'post',
    id: `${draft.id}/${verb}`,
    at: daysLater(chance, draft.referredAt, chance.int(0, 2)),
    actor: ACTORS.intake,
    path: ['/v1/referrals/', ref(submitted), `:${verb}`],
    answer: 'referral_id',
    match:
      draft.door.actor === ACTORS.intake
        ? { etagOf: submitted }
        : { read: ['/v1/referrals/', ref(submitted)] },
  };
}

export function acceptStep(draft: ReferralDraft, chance: Random): Post {
  const step = decision(draft, 'accept', chance);
  return { ...step, body: { occurred_at: step.at } };
}

const REASONS = ['OUT_OF_AREA', 'NOT_DOMESTIC_ABUSE', 'DUPLICATE', 'DECLINED_BY_PERSON'] as const;

export function rejectStep(draft: ReferralDraft, chance: Random): Post {
  const step = decision(draft, 'reject', chance);
  return { ...step, body: { reason: `REJECTION_REASON_${chance.pick(REASONS)}`, occurred_at: step.at } };
}

/** The case that the accepted referral's event opens. */
export const findCaseStep = (accept: Post, id: string): FindCase => ({
  kind: 'find-case',
  id: caseId(id),
  at: addMinutes(accept.at, 1),
  actor: ACTORS.manager,
  referral: ref(submitId(id)),
  after: [accept.id],
});

/** An open case that other work can join: its id is the answer of `caseStep`. */
export interface OpenCase extends Couple {
  readonly id: string;
  readonly caseStep: string;
  readonly openedAt: string;
  /** The case-worker whom it is allocated to; undefined where nobody allocated it. */
  readonly worker: string | undefined;
  /** Since when the person takes part; undefined where nobody reached them yet. */
  readonly engagedAt: string | undefined;
  readonly closedAt: string | undefined;
}
