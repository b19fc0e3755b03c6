import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, addMonths, addWeekdays, endOfWeekday, isoDate, localDate, localMidnight } from './dates.ts';

const date = fc
  .date({ min: new Date('1990-01-01T00:00:00Z'), max: new Date('2060-12-31T00:00:00Z'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10));

describe('calendar months', () => {
  it.each([
    ['2017-01-31', 1, '2017-02-28'],
    ['2016-01-31', 1, '2016-02-29'],
    ['2016-02-29', 12, '2017-02-28'],
    ['2017-03-31', -1, '2017-02-28'],
    ['2017-12-15', 1, '2018-01-15'],
    ['2017-01-15', -1, '2016-12-15'],
    ['2017-05-05', 0, '2017-05-05'],
  ])('%s and %i months is %s', (from, count, to) => {
    expect(addMonths(from, count)).toBe(to);
  });

  it('keeps the day, or clamps it to the last of the month', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: -240, max: 240 }), (from, count) => {
        const to = addMonths(from, count);
        const [year = 0, month = 1, day = 1] = to.split('-').map(Number);
        const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
        expect(day).toBe(Math.min(Number(from.slice(8)), lastDay));
        const months = (text: string) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7));
        expect(months(to) - months(from)).toBe(count);
      }),
    );
  });
});

describe('days in Europe/London', () => {
  it.each([
    ['2017-07-01T22:59:59Z', '2017-07-01'],
    ['2017-07-01T23:00:00Z', '2017-07-02'],
    ['2017-12-31T23:59:59Z', '2017-12-31'],
    ['2018-03-25T00:59:59Z', '2018-03-25'],
  ])('%s is on %s', (instant, day) => {
    expect(localDate(new Date(instant))).toBe(day);
  });

  it('begin at an instant of theirs, and not a millisecond before', () => {
    fc.assert(
      fc.property(date, (day) => {
        const begin = localMidnight(day);
        expect(localDate(begin)).toBe(day);
        expect(localDate(new Date(begin.getTime() - 1))).toBe(addDays(day, -1));
      }),
    );
  });

  it('are counted there and back', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: -4000, max: 4000 }), (day, count) => {
        expect(addDays(addDays(day, count), -count)).toBe(day);
      }),
    );
  });
});

it.each(['2017-02-29', '2017-13-01', '2017-1-1', '', '17-01-01', '2017-01-01T00:00:00Z'])(
  'refuses %j as a date',
  (text) => {
    expect(() => isoDate(text)).toThrow(expect.objectContaining({ kind: 'invalid', slug: 'invalid-date' }));
  },
);

describe('weekdays', () => {
  it.each([
    ['2018-03-01', 1, '2018-03-02'],
    ['2018-03-02', 1, '2018-03-05'],
    ['2018-03-03', 1, '2018-03-05'],
    ['2018-03-02', 2, '2018-03-06'],
    ['2018-03-01', 0, '2018-03-01'],
  ])('%s and %i weekdays is %s', (from, count, to) => {
    expect(addWeekdays(from, count)).toBe(to);
  });

  it('end at midnight in London', () => {
    expect(endOfWeekday(new Date('2018-03-02T15:00:00Z'), 1)).toEqual(new Date('2018-03-06T00:00:00Z'));
    expect(endOfWeekday(new Date('2018-06-01T23:30:00Z'), 2)).toEqual(new Date('2018-06-05T23:00:00Z'));
  });
});
