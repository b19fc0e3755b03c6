import type { Figures } from '../figures.ts';
import type { People, Person } from '../people/person.ts';
import type { Random } from '../random.ts';
import { addMinutes } from '../time.ts';
import {
  type Couple,
  newCouple,
  officeTime,
  secondAfter,
  secondBefore,
  timesIn,
  YEAR_2017,
} from './couple.ts';
import type { Incident } from './incidents.ts';
import {
  acceptStep,
  caseId,
  DOORS,
  findCaseStep,
  type OpenCase,
  type ReferralDraft,
  rejectStep,
  submitStep,
} from './referrals.ts';
import type { FindCase, Step } from './step.ts';

/** A case that nobody looked for yet: `find` is needed only when other work joins it. */
export interface WalkInCase extends OpenCase {
  readonly find: FindCase;
}

export interface OneStopShopWork {
  readonly steps: readonly Step[];
  readonly cases: readonly WalkInCase[];
}

const SUPPORT = ['ADVICE', 'ADVICE', 'OUTREACH', 'FREEDOM_PROGRAMME'] as const;

/** Referrals taken at the One Stop Shop: those of 2017 are counted, those a second before and after it are not. */
export function oneStopShopWork(
  { oneStopShop }: Figures,
  incidents: readonly Incident[],
  people: People,
  chance: Random,
  reference: (id: string) => string,
): OneStopShopWork {
  const steps: Step[] = [];
  const cases: WalkInCase[] = [];
  const taken = new Set<Person>();
  const seen = incidents.filter((one) => one.perpetratorBirthDateKnown && one.level !== 'high');
  const couple = (before: string): Couple => {
    for (let tries = 0; tries < 4 && seen.length > 0; tries += 1) {
      const { victim, perpetrator, reportedAt } = chance.pick(seen);
      if (reportedAt < before && !taken.has(victim) && chance.chance(0.8)) return { victim, perpetrator };
    }
    return newCouple(people);
  };
  const visit = (id: string, referredAt: string): void => {
    const { victim, perpetrator } = couple(referredAt);
    taken.add(victim);
    const support = chance.pick(SUPPORT);
    const draft: ReferralDraft = { id, victim, perpetrator, door: DOORS.oneStopShop, support, referredAt };
    steps.push(submitStep(draft, reference));
    const outcome = chance.int(1, 100);
    if (outcome <= 12) steps.push(rejectStep(draft, chance));
    else if (outcome <= 78) {
      const accept = acceptStep(draft, chance);
      steps.push(accept);
      cases.push({
        id,
        victim,
        perpetrator,
        caseStep: caseId(id),
        openedAt: addMinutes(accept.at, 1),
        worker: undefined,
        engagedAt: undefined,
        closedAt: undefined,
        find: findCaseStep(accept, id),
      });
    }
  };
  timesIn(chance, YEAR_2017, oneStopShop.referred, officeTime).forEach((at, index) => {
    visit(`one-stop-shop/${String(index + 1).padStart(4, '0')}`, at);
  });
  const more = Math.round(oneStopShop.referred * 0.02);
  const outside = Array.from({ length: more }, () =>
    officeTime(
      chance,
      chance.pick([
        ['2016-12-01', '2016-12-30'],
        ['2018-01-02', '2018-04-13'],
      ] as const),
    ),
  );
  [secondBefore(YEAR_2017), secondAfter(YEAR_2017), ...outside].forEach((at, index) => {
    visit(`one-stop-shop-outside/${String(index + 1).padStart(4, '0')}`, at);
  });
  return { steps, cases };
}
