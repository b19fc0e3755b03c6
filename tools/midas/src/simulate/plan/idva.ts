import type { Figures } from '../figures.ts';
import type { People, Person } from '../people/person.ts';
import type { Random } from '../random.ts';
import { addMinutes } from '../time.ts';
import { contactSteps } from './contacts.ts';
import {
  type Couple,
  daysLater,
  FINANCIAL_YEAR,
  newCouple,
  officeTime,
  type Period,
  secondAfter,
  secondBefore,
  timesIn,
} from './couple.ts';
import type { Incident } from './incidents.ts';
import type { MaracEntry } from './marac-book.ts';
import {
  acceptStep,
  DOORS,
  type Door,
  findCaseStep,
  type OpenCase,
  type ReferralDraft,
  submitStep,
} from './referrals.ts';
import type { Step } from './step.ts';

export interface IdvaWork {
  readonly steps: readonly Step[];
  readonly cases: readonly OpenCase[];
}

/** Someone the IDVAs may hear of: by whose door, and when at the earliest. */
interface Known extends Couple {
  readonly at: string;
  readonly door: Door;
}

/**
 * IDVA referrals of 2017/18: as many as wanted, of which exactly the wanted number engage, for people who mostly were
 * seen before at MARAC or in an incident; and referrals outside the year or for other support, engaged too, that
 * must not be counted.
 */
export function idvaWork(
  { idva }: Figures,
  known: { readonly marac: readonly MaracEntry[]; readonly incidents: readonly Incident[] },
  people: People,
  chance: Random,
  reference: (id: string) => string,
): IdvaWork {
  const candidates = knownPeople(known.marac, known.incidents, chance);
  const taken = new Set<Person>();
  const candidate = (before: string): Known | undefined => {
    for (let tries = 0; tries < 12 && candidates.length > 0; tries += 1) {
      const one = chance.pick(candidates);
      const days = (Date.parse(before) - Date.parse(one.at)) / 86_400_000;
      if (days > 0 && days < 60 && !taken.has(one.victim)) return one;
    }
    return undefined;
  };
  const draft = (id: string, referredAt: string, support: ReferralDraft['support']): ReferralDraft => {
    const found = chance.chance(0.75) ? candidate(referredAt) : undefined;
    const couple = found ?? newCouple(people);
    taken.add(couple.victim);
    const { victim, perpetrator } = couple;
    return { id, victim, perpetrator, support, referredAt, door: found?.door ?? chance.pick(OTHER_DOORS) };
  };
  const steps: Step[] = [];
  const cases: OpenCase[] = [];
  const support = (one: ReferralDraft, engages: boolean): void => {
    const accept = acceptStep(one, chance);
    const contacts = contactSteps(one, addMinutes(accept.at, 1), engages, chance);
    steps.push(submitStep(one, reference), accept, findCaseStep(accept, one.id), ...contacts.steps);
    cases.push(contacts.openCase);
  };

  const times = timesIn(chance, FINANCIAL_YEAR, idva.referred, officeTime);
  const engaging = new Set(chance.shuffle(times.map((_, index) => index)).slice(0, idva.engaged));
  times.forEach((at, index) => {
    support(draft(`idva/${number(index)}`, at, 'IDVA'), engaging.has(index));
  });
  const outside = [
    secondBefore(FINANCIAL_YEAR),
    secondAfter(FINANCIAL_YEAR),
    ...some(idva.referred * 0.02).map(() => officeTime(chance, chance.pick(NEIGHBOURS))),
  ];
  outside.forEach((at, index) => {
    support(draft(`idva-outside/${number(index)}`, at, 'IDVA'), chance.chance(0.8));
  });
  some(1 + idva.referred * 0.04).forEach((_, index) => {
    support(
      draft(`outreach/${number(index)}`, officeTime(chance, FINANCIAL_YEAR), 'OUTREACH'),
      chance.chance(0.8),
    );
  });
  return { steps, cases };
}

const NEIGHBOURS: readonly Period[] = [
  ['2017-03-01', '2017-03-30'],
  ['2018-04-02', '2018-04-13'],
];

const OTHER_DOORS: readonly Door[] = [
  DOORS.self,
  DOORS.self,
  DOORS.gp,
  DOORS.housing,
  DOORS.socialCare,
  DOORS.police,
];

const number = (index: number): string => String(index + 1).padStart(4, '0');

const some = (count: number): undefined[] => Array<undefined>(Math.round(count)).fill(undefined);

function knownPeople(marac: readonly MaracEntry[], incidents: readonly Incident[], chance: Random): Known[] {
  const heardOf = marac.map(({ victim, perpetrator, referredAt }) => ({
    victim,
    perpetrator,
    at: daysLater(chance, referredAt, 0),
    door: DOORS.marac,
  }));
  const reported = incidents
    .filter(
      ({ level, perpetratorBirthDateKnown }) =>
        perpetratorBirthDateKnown && (level === 'high' || level === 'medium'),
    )
    .map(({ victim, perpetrator, reportedAt, by }) => ({
      victim,
      perpetrator,
      at: daysLater(chance, reportedAt, 0),
      door: by === 'police' ? DOORS.police : DOORS.victimSupport,
    }));
  return [...heardOf, ...chance.shuffle(reported).slice(0, 2 * heardOf.length + 20)];
}
