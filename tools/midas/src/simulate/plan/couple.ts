import type { People, Person } from '../people/person.ts';
import type { Random } from '../random.ts';
import { addDays, addMinutes, daysBetween, instant, london, workday } from '../time.ts';

/** A survivor and the person who abuses them. */
export interface Couple {
  readonly victim: Person;
  readonly perpetrator: Person;
}

export const newCouple = (people: People): Couple => ({
  victim: people.survivor(),
  perpetrator: people.perpetrator(),
});

/** First and last day, both included. */
export type Period = readonly [string, string];

export const FINANCIAL_YEAR: Period = ['2017-04-01', '2018-03-31'];
export const YEAR_2017: Period = ['2017-01-01', '2017-12-31'];
export const TO_MID_APRIL: Period = ['2018-01-01', '2018-04-15'];

/** The last second that is in a period, in Europe/London. */
export const lastSecond = ([, last]: Period): string => london(last, '23:59:59');
/** The first second that is in a period. */
export const firstSecond = ([first]: Period): string => london(first, '00:00:00');
/** The second before a period begins: not in it. */
export const secondBefore = (period: Period): string => shift(firstSecond(period), -1);
/** The second after a period ends: not in it. */
export const secondAfter = (period: Period): string => shift(lastSecond(period), 1);

const shift = (at: string, seconds: number): string => instant(Date.parse(at) + seconds * 1000);

/** Any second of a period, day or night. */
export function anyTime(chance: Random, [first, last]: Period): string {
  return clockTime(chance, addDays(first, chance.int(0, daysBetween(first, last))), 0, 23);
}

/** Some second of a day between two full hours, e.g. 9 to 16 for 09:00:00 to 16:59:59. */
export function clockTime(chance: Random, date: string, fromHour: number, toHour: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = `${two(chance.int(fromHour, toHour))}:${two(chance.int(0, 59))}:${two(chance.int(0, 59))}`;
  return london(date, clock);
}

/** A time in office hours of some day in a period; at weekends only where Monday is no longer in it. */
export function officeTime(chance: Random, [first, last]: Period): string {
  const date = addDays(first, chance.int(0, daysBetween(first, last)));
  const monday = workday(date);
  return clockTime(chance, monday > last ? date : monday, 9, 16);
}

/** An instant so many whole days later, moved a little. */
export const daysLater = (chance: Random, at: string, days: number): string =>
  addMinutes(at, days * 1440 + chance.int(5, 300));

/**
 * Times for `count` records of a period, in order. The first and the last stand on the very edges of the period,
 * so that a count by the wrong clock or the wrong comparison shows.
 */
export function timesIn(chance: Random, period: Period, count: number, pick: typeof officeTime): string[] {
  const edges = count > 1 ? [firstSecond(period), lastSecond(period)].slice(0, count) : [];
  const rest = Array.from({ length: count - edges.length }, () => pick(chance, period));
  return [...edges, ...rest].sort();
}
