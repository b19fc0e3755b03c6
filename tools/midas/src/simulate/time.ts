/** Dates are 'YYYY-MM-DD' in Europe/London, instants are ISO 8601 in UTC with whole seconds. */

const DAY_MS = 86_400_000;

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const midnightUtc = (date: string): number => Date.parse(`${date}T00:00:00Z`);

/** The date `days` later (earlier when negative). */
export const addDays = (date: string, days: number): string => dateOf(midnightUtc(date) + days * DAY_MS);

/** Whole days from one date to another. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((midnightUtc(to) - midnightUtc(from)) / DAY_MS);

/** The date `months` calendar months later; the day is clamped to the month's end. */
export function addMonths(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const first = Date.UTC(year, month - 1 + months, 1);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return dateOf(first + (Math.min(day, last) - 1) * DAY_MS);
}

/** 0 is Sunday. */
export const weekday = (date: string): number => new Date(midnightUtc(date)).getUTCDay();

/** The first such weekday on or after a date. */
export const nextWeekday = (date: string, day: number): string =>
  addDays(date, (day - weekday(date) + 7) % 7);

/** Saturday and Sunday become Monday. */
export const workday = (date: string): string => {
  const day = weekday(date);
  return day === 6 ? addDays(date, 2) : day === 0 ? addDays(date, 1) : date;
};

/** Summer time runs between 01:00 UTC of the last Sundays of March and October (in force since 1996). */
function summerTimeBounds(year: number): readonly [number, number] {
  const lastSunday = (month: number, days: number): number => {
    const last = Date.UTC(year, month, days, 1);
    return last - new Date(last).getUTCDay() * DAY_MS;
  };
  return [lastSunday(2, 31), lastSunday(9, 31)];
}

const inSummerTime = (ms: number): boolean => {
  const [start, end] = summerTimeBounds(new Date(ms).getUTCFullYear());
  return ms >= start && ms < end;
};

/** The instant of a wall-clock time ('HH:MM' or 'HH:MM:SS') in Europe/London; the earlier of two when the clock goes back. */
export function london(date: string, time: string): string {
  const wall = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}Z`);
  const summer = wall - 3_600_000;
  return instant(inSummerTime(summer) ? summer : wall);
}

/** The date in Europe/London at an instant. */
export function londonDate(at: string): string {
  const ms = Date.parse(at);
  return dateOf(ms + (inSummerTime(ms) ? 3_600_000 : 0));
}

/** Milliseconds since the epoch as an instant of whole seconds. */
export const instant = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** The instant `minutes` later. */
export const addMinutes = (at: string, minutes: number): string => instant(Date.parse(at) + minutes * 60_000);
