import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  addMonths,
  daysBetween,
  london,
  londonDate,
  nextWeekday,
  weekday,
  workday,
} from './time.ts';

const date = fc
  .date({ min: new Date('2015-01-01'), max: new Date('2019-12-31'), noInvalidDate: true })
  .map((at) => at.toISOString().slice(0, 10));

const wallClock = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/London',
  dateStyle: 'short',
  timeStyle: 'medium',
});

describe('Europe/London', () => {
  it('knows both sides of the clock changes', () => {
    expect(london('2017-04-01', '00:00')).toBe('2017-03-31T23:00:00Z');
    expect(london('2018-03-31', '23:59:59')).toBe('2018-03-31T22:59:59Z');
    expect(london('2017-01-01', '00:00')).toBe('2017-01-01T00:00:00Z');
    expect(london('2017-10-29', '00:59')).toBe('2017-10-28T23:59:00Z');
    expect(london('2017-10-29', '02:00')).toBe('2017-10-29T02:00:00Z');
    expect(londonDate('2017-03-31T23:00:00Z')).toBe('2017-04-01');
    expect(londonDate('2017-03-31T22:59:59Z')).toBe('2017-03-31');
  });

  it('agrees with the time zone data for every hour', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: 0, max: 23 }), (day, hour) => {
        const time = `${String(hour).padStart(2, '0')}:30:00`;
        const at = london(day, time);
        expect(londonDate(at)).toBe(wallClock.format(new Date(at)).slice(0, 10));
        const skipped =
          hour === 1 && weekday(day) === 0 && day.slice(5, 7) === '03' && Number(day.slice(8)) > 24;
        if (!skipped) expect(wallClock.format(new Date(at))).toBe(`${day} ${time}`);
      }),
    );
  });
});

describe('calendar arithmetic', () => {
  it('clamps a month to its end', () => {
    expect(addMonths('2016-02-29', 12)).toBe('2017-02-28');
    expect(addMonths('2017-01-31', 1)).toBe('2017-02-28');
    expect(addMonths('2017-03-15', -12)).toBe('2016-03-15');
    expect(addMonths('2017-12-31', -1)).toBe('2017-11-30');
  });

  it('counts days back and forth', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: -800, max: 800 }), (day, days) => {
        expect(daysBetween(day, addDays(day, days))).toBe(days);
      }),
    );
  });

  it('finds weekdays', () => {
    expect(weekday('2017-01-01')).toBe(0);
    expect(nextWeekday('2017-01-01', 4)).toBe('2017-01-05');
    expect(nextWeekday('2017-01-05', 4)).toBe('2017-01-05');
    expect(workday('2017-01-07')).toBe('2017-01-09');
    expect(workday('2017-01-09')).toBe('2017-01-09');
  });
});
