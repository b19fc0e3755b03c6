import type { Figures } from '../figures.ts';
import type { People } from '../people/person.ts';
import type { Random } from '../random.ts';
import { addDays, addMonths, daysBetween, instant, londonDate } from '../time.ts';
import {
  clockTime,
  officeTime,
  type Period,
  secondAfter,
  secondBefore,
  TO_MID_APRIL,
  timesIn,
  YEAR_2017,
} from './couple.ts';
import {
  type MaracBook,
  type MaracEntry,
  maracBook,
  shortlyBefore,
  tooLate,
  withinTwelveMonths,
} from './marac-book.ts';

const HISTORY: Period = ['2016-01-01', '2016-12-31'];
const AFTER: Period = ['2018-04-16', '2018-04-20'];
const DAY_MS = 86_400_000;

/**
 * The MARAC referrals of 2017 and of 2018 to mid-April, with exactly the wanted repeats among them, the referrals of
 * 2016 that make them repeats, and some that must not be counted: cases that look like repeats but are not
 * (another perpetrator, an incident a day too late, an incident from before the last referral), and referrals
 * just outside the periods.
 */
export function maracEntries(
  { marac2017, marac2018 }: Figures,
  people: People,
  chance: Random,
): readonly MaracEntry[] {
  const book = maracBook(people, chance);
  book.first(secondBefore(YEAR_2017));
  for (let i = 0; i < 2 + marac2017.referred * 0.02; i += 1) book.first(officeTime(chance, HISTORY));
  refer(book, people, chance, YEAR_2017, marac2017, 0.4);
  refer(book, people, chance, TO_MID_APRIL, marac2018, 0.85);
  book.first(secondAfter(TO_MID_APRIL));
  for (let i = 0; i < marac2018.referred * 0.02; i += 1) book.first(officeTime(chance, AFTER));
  return book.entries;
}

/** `chained`: the share of repeats that follow a referral already in the book rather than one of 2016 made for them. */
function refer(
  book: MaracBook,
  people: People,
  chance: Random,
  within: Period,
  { referred, repeats }: Figures['marac2017'],
  chained: number,
): void {
  const times = timesIn(chance, within, referred, officeTime);
  const repeated = new Set(chance.shuffle(times.map((_, index) => index)).slice(0, repeats));
  times.forEach((at, index) => {
    if (repeated.has(index)) repeat(book, chance, at, chance.chance(chained));
    else notRepeat(book, people, chance, at);
  });
}

/** A repeat; one in ten comes within a month, so that a shorter window finds far fewer. */
function repeat(book: MaracBook, chance: Random, referredAt: string, chained: boolean): void {
  const soon = chance.chance(0.1);
  const incidentAt = shortlyBefore(chance, referredAt);
  const previous = chained
    ? book.lastThat((entry) => {
        const days = (Date.parse(incidentAt) - Date.parse(entry.referredAt)) / DAY_MS;
        return withinTwelveMonths(entry.referredAt, incidentAt) && (soon ? days < 28 : days > 35);
      })
    : undefined;
  if (previous) {
    book.further(previous, referredAt, incidentAt);
    return;
  }
  // Referrals of 2016 reach to the end of 2017: an incident of 2018 is replaced by one of that December.
  const reachable = londonDate(incidentAt) <= '2017-12-30';
  const at = reachable ? incidentAt : clockTime(chance, `2017-12-${chance.int(10, 30)}`, 0, 23);
  const before = clockTime(chance, historyDate(chance, londonDate(at), soon), 9, 16);
  book.further(book.first(before), referredAt, at);
}

/** A day of 2016 no more than twelve months before an incident, where possible more than a month before it. */
function historyDate(chance: Random, incidentDate: string, soon: boolean): string {
  const [earliest, latest] = [
    later(HISTORY[0], addMonths(incidentDate, -12)),
    earlier(HISTORY[1], addDays(incidentDate, soon ? -2 : -35)),
  ];
  return addDays(earliest, chance.int(0, Math.max(0, daysBetween(earliest, latest))));
}

const later = (a: string, b: string): string => (a > b ? a : b);
const earlier = (a: string, b: string): string => (a < b ? a : b);

/** A referral that is no repeat: mostly of a new pair, now and then one that only looks like a repeat. */
function notRepeat(book: MaracBook, people: People, chance: Random, referredAt: string): void {
  const look = chance.int(1, 100);
  const incidentAt = shortlyBefore(chance, referredAt);
  if (look <= 4) {
    const previous = outOfReach(book, chance, incidentAt);
    if (previous) {
      book.further(previous, referredAt, incidentAt);
      return;
    }
  } else if (look <= 8) {
    const previous = book.lastThat((entry) => entry.referredAt < incidentAt);
    if (previous) {
      const beforeIt = Date.parse(previous.referredAt) - chance.int(1, 60) * DAY_MS;
      book.further(previous, referredAt, instant(beforeIt));
      return;
    }
  } else if (look <= 13) {
    const known = book.lastThat((entry) => entry.referredAt < incidentAt);
    if (known) {
      book.first(referredAt, { victim: known.victim, perpetrator: people.perpetrator() });
      return;
    }
  }
  book.first(referredAt);
}

/** A pair whose last referral is more than twelve months before the incident, often by a single day. */
function outOfReach(book: MaracBook, chance: Random, incidentAt: string): MaracEntry | undefined {
  const lateBy = chance.chance(0.4) ? 1 : chance.int(2, 40);
  const date = addDays(addMonths(londonDate(incidentAt), -12), -lateBy);
  if (date >= HISTORY[0] && date <= HISTORY[1]) {
    const at = clockTime(chance, date, 9, 16);
    if (tooLate(at, incidentAt)) return book.first(at);
  }
  return book.lastThat((entry) => tooLate(entry.referredAt, incidentAt));
}
