import type { Figures } from '../figures.ts';
import { perpetratorParticulars } from '../people/particulars.ts';
import type { Random } from '../random.ts';
import { addDays, addMinutes, london } from '../time.ts';
import { ACTORS } from './actors.ts';
import { clockTime } from './couple.ts';
import type { MaracEntry } from './marac-book.ts';
import { type Post, ref } from './step.ts';

/** Behaviour change takes at least 22 weekly sessions (domain.md §4). */
const WEEKS = 22;
const DAY = '2018-04-15';

const SIGNALS = ['THREAT', 'RISK_CHANGE', 'DISENGAGEMENT'] as const;
const ROUTES = ['SELF', 'POLICE', 'PROBATION', 'SOCIAL_CARE'] as const;

/**
 * The perpetrator programme: some whom survivors named enrol, attend or miss weekly sessions; now and then a
 * facilitator passes on a change of risk.
 */
export function programmeSteps(
  { marac2017 }: Figures,
  marac: readonly MaracEntry[],
  chance: Random,
): readonly Post[] {
  const named = [...new Map(marac.map((one) => [one.perpetrator, one])).values()];
  const enrolled = chance.shuffle(named).slice(0, 1 + Math.round(marac2017.referred * 0.07));
  return enrolled.flatMap((entry, index) => participantSteps(entry, `participant/${index + 1}`, chance));
}

function participantSteps({ victim, perpetrator }: MaracEntry, id: string, chance: Random): readonly Post[] {
  const first = addDays('2017-01-04', 7 * chance.int(0, 55));
  const enrolledAt = clockTime(chance, addDays(first, -chance.int(2, 12)), 9, 16);
  const own = (path: string): Post['path'] => ['/v1/programme/participants/', ref(id), path];
  const actor = ACTORS.programmeFacilitator;
  const steps: Post[] = [
    {
      kind: 'post',
      id,
      at: enrolledAt,
      actor,
      path: ['/v1/programme/participants'],
      body: {
        participant: perpetratorParticulars(perpetrator),
        partner: perpetratorParticulars(victim, chance.chance(0.7)),
        route: `PROGRAMME_REFERRAL_ROUTE_${chance.pick(ROUTES)}`,
        occurred_at: enrolledAt,
      },
      answer: 'participant_id',
    },
  ];
  const weeks = chance.chance(0.75) ? WEEKS : chance.int(1, 8);
  for (let week = 0; week < weeks && addDays(first, 7 * week) <= DAY; week += 1) {
    const heldAt = london(addDays(first, 7 * week), '18:00');
    steps.push({
      kind: 'post',
      id: `${id}/session-${week + 1}`,
      at: heldAt,
      actor,
      path: own('/sessions'),
      body: { held_at: heldAt, attended: chance.chance(0.8) },
      answer: 'session_id',
    });
    if (!chance.chance(0.02)) continue;
    const at = addMinutes(heldAt, 150);
    steps.push({
      kind: 'post',
      id: `${id}/signal-${week + 1}`,
      at,
      actor,
      path: own('/risk-signals'),
      body: {
        kind: `RISK_SIGNAL_KIND_${chance.pick(SIGNALS)}`,
        detail: 'Said in the session what the partner side should know of.',
        occurred_at: at,
      },
      answer: 'risk_signal_id',
    });
  }
  return steps;
}
