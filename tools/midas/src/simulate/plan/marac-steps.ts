import { perpetratorParticulars, victimParticulars } from '../people/particulars.ts';
import type { Random } from '../random.ts';
import { addDays, addMinutes, london, londonDate, nextWeekday } from '../time.ts';
import { ACTORS, CASE_WORKERS, OTHER_REPRESENTATIVES } from './actors.ts';
import type { Incident } from './incidents.ts';
import type { MaracEntry } from './marac-book.ts';
import { type Post, ref } from './step.ts';

const THURSDAY = 4;

/** Roughly the shares of domain.md §2: most referrals come from the police. */
function referrer(chance: Random): string {
  const share = chance.int(1, 100);
  if (share <= 78) return ACTORS.policeRepresentative;
  return share <= 90 ? chance.pick(CASE_WORKERS).user : chance.pick(OTHER_REPRESENTATIVES);
}

const CRITERIA = [
  ['MARAC_CRITERION_SCORE'],
  ['MARAC_CRITERION_JUDGEMENT'],
  ['MARAC_CRITERION_SCORE', 'MARAC_CRITERION_ESCALATION'],
  ['MARAC_CRITERION_JUDGEMENT', 'MARAC_CRITERION_SUICIDE_OR_SELF_HARM'],
] as const;

/** A referral to MARAC, and the weekly meeting that hears it one to two weeks later. */
export function maracSteps(
  entry: MaracEntry,
  incident: Incident | undefined,
  reference: (id: string) => string,
  chance: Random,
): readonly Post[] {
  const refer = `${entry.id}/refer`;
  const actor = referrer(chance);
  const meeting = nextWeekday(addDays(londonDate(entry.referredAt), 5), THURSDAY);
  const heardAt = addMinutes(london(meeting, '09:30'), 15 * chance.int(0, 23));
  return [
    {
      kind: 'post',
      id: refer,
      at: entry.referredAt,
      actor,
      path: ['/v1/marac-referrals'],
      body: {
        source_system: 'marac-form',
        source_reference: reference(refer),
        victim: victimParticulars(entry.victim, actor === ACTORS.policeRepresentative ? 'police' : 'other'),
        perpetrators: [entry.perpetrator, ...entry.otherPerpetrators].map((one) =>
          perpetratorParticulars(one),
        ),
        incident: {
          occurred_at: entry.incidentAt,
          criminal: chance.chance(0.6),
          ...(incident ? { source_reference: reference(incident.id) } : {}),
        },
        criteria: chance.pick(CRITERIA),
        referred_at: entry.referredAt,
        reason: 'High risk of serious harm; partner agencies hold further information.',
      },
      answer: 'marac_referral_id',
    },
    {
      kind: 'post',
      id: `${entry.id}/hear`,
      at: heardAt,
      actor: ACTORS.maracCoordinator,
      path: ['/v1/marac-referrals/', ref(refer), ':hear'],
      body: { heard_at: heardAt, minutes: 'Information shared; actions agreed with owners and dates.' },
      answer: 'marac_referral_id',
      match: { read: ['/v1/marac-referrals/', ref(refer)] },
    },
  ];
}
