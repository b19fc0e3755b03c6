import type { Random } from '../random.ts';
import { addDays, londonDate } from '../time.ts';
import { ACTORS, CASE_WORKERS } from './actors.ts';
import { clockTime, daysLater } from './couple.ts';
import { allocateId, caseId, type OpenCase, type ReferralDraft } from './referrals.ts';
import { type Post, ref } from './step.ts';

interface Contact {
  readonly safe: boolean;
  readonly twoWay: boolean;
  readonly accepted: boolean;
}

const NO_ANSWER: Contact = { safe: true, twoWay: false, accepted: false };
/** The perpetrator was near, or nobody knew whether the number was safe: whatever was said engages nobody. */
const UNSAFE: Contact = { safe: false, twoWay: true, accepted: true };
const UNSAFE_ATTEMPT: Contact = { safe: false, twoWay: false, accepted: false };
const DECLINED: Contact = { safe: true, twoWay: true, accepted: false };
const ACCEPTED: Contact = { safe: true, twoWay: true, accepted: true };

/** Attempts that end without engagement, and why the case closes then. */
const NEVER_ENGAGED: readonly { readonly contacts: readonly Contact[]; readonly reason: string }[] = [
  { contacts: [NO_ANSWER, NO_ANSWER, NO_ANSWER], reason: 'UNCONTACTABLE' },
  { contacts: [UNSAFE_ATTEMPT, UNSAFE], reason: 'UNSAFE_TO_CONTACT' },
  { contacts: [NO_ANSWER, DECLINED], reason: 'DECLINED' },
  { contacts: [DECLINED], reason: 'DECLINED' },
];

const FIRST_TRIES: readonly (readonly Contact[])[] = [
  [],
  [],
  [NO_ANSWER],
  [NO_ANSWER, NO_ANSWER],
  [UNSAFE],
  [DECLINED],
];
const FOLLOW_UPS: readonly (readonly Contact[])[] = [[], [ACCEPTED], [DECLINED], [NO_ANSWER, ACCEPTED]];

const CHANNELS = ['PHONE', 'PHONE', 'TEXT', 'FACE_TO_FACE', 'EMAIL'] as const;

/**
 * What follows when a case is opened: the manager allocates it to one of two case-workers, who tries to reach the
 * person, with success when `engages`; some cases are closed within the year.
 */
export function contactSteps(
  draft: ReferralDraft,
  openedAt: string,
  engages: boolean,
  chance: Random,
): { readonly steps: readonly Post[]; readonly openCase: OpenCase } {
  const theCase = ref(caseId(draft.id));
  const worker = chance.pick(CASE_WORKERS);
  const allocate = allocateId(draft.id);
  const allocatedAt = daysLater(chance, openedAt, chance.int(0, 1));
  const steps: Post[] = [
    {
      kind: 'post',
      id: allocate,
      at: allocatedAt,
      actor: ACTORS.manager,
      path: ['/v1/cases/', theCase, ':allocate'],
      body: { worker: worker.user, team: worker.team, occurred_at: allocatedAt },
      answer: 'case_id',
      match: { read: ['/v1/cases/', theCase] },
    },
  ];
  let at = allocatedAt;
  const never = chance.pick(NEVER_ENGAGED);
  const contacts = engages
    ? [...chance.pick(FIRST_TRIES), ACCEPTED, ...chance.pick(FOLLOW_UPS)]
    : never.contacts;
  let engagedAt: string | undefined;
  contacts.forEach((contact, index) => {
    at = daysLater(chance, at, chance.int(1, engagedAt ? 20 : 2));
    if (contact === ACCEPTED) engagedAt ??= at;
    steps.push({
      kind: 'post',
      id: `${draft.id}/contact-${index + 1}`,
      at,
      actor: worker.user,
      path: ['/v1/cases/', theCase, '/contacts'],
      body: {
        channel: `CONTACT_CHANNEL_${chance.pick(CHANNELS)}`,
        safe: contact.safe,
        two_way: contact.twoWay,
        support_accepted: contact.accepted,
        occurred_at: at,
        note: 'Logged after the call.',
      },
      answer: 'contact_id',
      after: [steps.at(-1)?.id ?? allocate],
    });
  });
  const closing = clockTime(
    chance,
    addDays(londonDate(at), chance.int(engages ? 30 : 3, engages ? 120 : 14)),
    9,
    16,
  );
  const closes = chance.chance(engages ? 0.4 : 0.7) && closing < '2018-05';
  const reason = engages
    ? chance.pick(['RISK_REDUCED', 'NEEDS_MET', 'DISENGAGED', 'MOVED'] as const)
    : never.reason;
  if (closes) {
    steps.push({
      kind: 'post',
      id: `${draft.id}/close`,
      at: closing,
      actor: ACTORS.manager,
      path: ['/v1/cases/', theCase, ':close'],
      body: { reason: `CLOSURE_REASON_${reason}`, occurred_at: closing },
      answer: 'case_id',
      match: { read: ['/v1/cases/', theCase] },
      after: [steps.at(-1)?.id ?? allocate],
    });
  }
  const { victim, perpetrator } = draft;
  const closedAt = closes ? closing : undefined;
  return {
    steps,
    openCase: {
      id: draft.id,
      caseStep: caseId(draft.id),
      victim,
      perpetrator,
      openedAt,
      worker: worker.user,
      engagedAt,
      closedAt,
    },
  };
}
