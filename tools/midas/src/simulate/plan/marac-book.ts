import type { People, Person } from '../people/person.ts';
import type { Random } from '../random.ts';
import { addDays, addMonths, londonDate } from '../time.ts';
import { type Couple, clockTime, newCouple } from './couple.ts';

/** One referral to MARAC. */
export interface MaracEntry extends Couple {
  readonly id: string;
  readonly otherPerpetrators: readonly Person[];
  readonly incidentAt: string;
  readonly referredAt: string;
}

/** Referrals as they are made, and which of them is the last of its pair. */
export interface MaracBook {
  readonly entries: readonly MaracEntry[];
  /** A first referral of a pair; its incident lies shortly before. */
  readonly first: (referredAt: string, couple?: Couple) => MaracEntry;
  /** A further referral of the pair of `previous`, which must be the pair's last. */
  readonly further: (previous: MaracEntry, referredAt: string, incidentAt: string) => void;
  /** Some pair's last referral that passes the test; undefined when a few tries find none. */
  readonly lastThat: (test: (entry: MaracEntry) => boolean) => MaracEntry | undefined;
}

export function maracBook(people: People, chance: Random): MaracBook {
  const entries: MaracEntry[] = [];
  const last: MaracEntry[] = [];
  const counts = new Map<string, number>();
  const add = (entry: Omit<MaracEntry, 'id'>): MaracEntry => {
    const year = londonDate(entry.referredAt).slice(0, 4);
    const number = (counts.get(year) ?? 0) + 1;
    counts.set(year, number);
    const made = { ...entry, id: `marac/${year}/${String(number).padStart(4, '0')}` };
    entries.push(made);
    last.push(made);
    return made;
  };
  return {
    entries,
    first: (referredAt, couple = newCouple(people)) =>
      add({ ...couple, otherPerpetrators: [], referredAt, incidentAt: shortlyBefore(chance, referredAt) }),
    further: (previous, referredAt, incidentAt) => {
      last.splice(last.indexOf(previous), 1);
      const { victim, perpetrator } = previous;
      // One shared perpetrator is enough for a repeat, whoever else is named.
      const otherPerpetrators = chance.chance(0.06) ? [people.perpetrator()] : [];
      add({ victim, perpetrator, otherPerpetrators, referredAt, incidentAt });
    },
    lastThat: (test) => {
      for (let tries = 0; tries < 25 && last.length > 0; tries += 1) {
        const entry = chance.pick(last);
        if (test(entry)) return entry;
      }
      return undefined;
    },
  };
}

/** An incident one to twelve days before a referral. */
export const shortlyBefore = (chance: Random, referredAt: string): string =>
  clockTime(chance, addDays(londonDate(referredAt), -chance.int(1, 12)), 0, 23);

/** Whether an incident counts after a pair's last referral: the rule of domain.md §2 with the paper's twelve months. */
export const withinTwelveMonths = (last: string, incidentAt: string): boolean =>
  incidentAt > last && londonDate(incidentAt) <= addMonths(londonDate(last), 12);

/** Whether an incident lies after the twelve months. */
export const tooLate = (last: string, incidentAt: string): boolean =>
  londonDate(incidentAt) > addMonths(londonDate(last), 12);
