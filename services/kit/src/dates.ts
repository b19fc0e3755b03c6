import { fail } from './errors/domain-error.ts';

const london = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/London',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

const londonClock = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** Calendar date of an instant in Europe/London, as YYYY-MM-DD. */
export function localDate(instant: Date): string {
  return london.format(instant);
}

/** The instant at which a calendar date (YYYY-MM-DD) begins in Europe/London. */
export function localMidnight(date: string): Date {
  const utc = new Date(`${isoDate(date)}T00:00:00Z`);
  // London is at UTC or one hour ahead of it, and changes at 01:00 UTC, never at its own midnight.
  const ahead = londonClock.format(utc).startsWith('01') ? 3_600_000 : 0;
  return new Date(utc.getTime() - ahead);
}

/** A date `count` calendar months later (or earlier), as YYYY-MM-DD; the day is clamped to the month's end. */
export function addMonths(date: string, count: number): string {
  const [year = 0, month = 1, day = 1] = isoDate(date).split('-').map(Number);
  const monthIndex = year * 12 + (month - 1) + count;
  const toYear = Math.floor(monthIndex / 12);
  const toMonth = monthIndex - toYear * 12;
  const lastDay = new Date(Date.UTC(toYear, toMonth + 1, 0)).getUTCDate();
  return format(toYear, toMonth + 1, Math.min(day, lastDay));
}

/** The instant `years` calendar years after another, at the beginning of that day in Europe/London. */
export function yearsLater(instant: Date, years: number): Date {
  return localMidnight(addMonths(localDate(instant), years * 12));
}

/** A date `count` days later (or earlier), as YYYY-MM-DD. */
export function addDays(date: string, count: number): string {
  const day = new Date(`${isoDate(date)}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + count);
  return day.toISOString().slice(0, 10);
}

/** A date `count` weekdays later, as YYYY-MM-DD: Saturdays and Sundays are passed over, holidays are not known here. */
export function addWeekdays(date: string, count: number): string {
  let day = date;
  for (let left = count; left > 0; ) {
    day = addDays(day, 1);
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  return day;
}

/** The instant at which the `count`-th weekday after an instant's own day ends in Europe/London. */
export function endOfWeekday(instant: Date, count: number): Date {
  return localMidnight(addDays(addWeekdays(localDate(instant), count), 1));
}

/** The same text if it is a calendar date that exists (YYYY-MM-DD); fails (`invalid`) otherwise. */
export function isoDate(text: string): string {
  const exists = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
  if (exists && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text)) return text;
  return fail('invalid', 'invalid-date', 'A date must exist and be written as YYYY-MM-DD.');
}

function format(year: number, month: number, day: number): string {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
