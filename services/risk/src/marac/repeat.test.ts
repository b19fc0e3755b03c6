import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRepeats, type PairReferral, type RepeatRule } from './repeat.ts';

const rule: RepeatRule = { windowMonths: 12, wording: 'any-abuse' };

const referral = (
  id: string,
  referred: string,
  incident: string,
  more: Partial<PairReferral> = {},
): PairReferral => ({
  id,
  referredAt: new Date(referred),
  incidentAt: new Date(incident),
  perpetratorIds: ['p'],
  criminal: true,
  ...more,
});

/** Whether the second of two referrals is a repeat of the first, for an incident at the given instant. */
const repeatOf = (first: string, incident: string, rules: RepeatRule = rule): boolean | undefined =>
  findRepeats(
    [referral('a', first, '2012-01-01T00:00:00Z'), referral('b', '2030-01-01T12:00:00Z', incident)],
    rules,
  ).get('b');

describe('the end of the window, in calendar months of Europe/London', () => {
  it.each([
    ['last minute of the last day', '2016-03-10T09:00:00Z', '2017-03-10T23:59:59.999Z', true],
    ['first minute of the day after', '2016-03-10T09:00:00Z', '2017-03-11T00:00:00.000Z', false],
    ['29 February, last day', '2016-02-29T12:00:00Z', '2017-02-28T23:59:59Z', true],
    ['29 February, day after', '2016-02-29T12:00:00Z', '2017-03-01T00:00:00Z', false],
    ['28 February before a leap year, last day', '2015-02-28T12:00:00Z', '2016-02-28T23:00:00Z', true],
    ['28 February before a leap year, 29 February', '2015-02-28T12:00:00Z', '2016-02-29T00:00:00Z', false],
    [
      'summer time: the day ends an hour earlier in UTC',
      '2016-07-01T12:00:00Z',
      '2017-07-01T22:59:59Z',
      true,
    ],
    ['summer time: the day after begins at 23:00 UTC', '2016-07-01T12:00:00Z', '2017-07-01T23:00:00Z', false],
    ['referred at 23:30 UTC in summer is the next day', '2016-06-30T23:30:00Z', '2017-07-01T22:59:59Z', true],
    ['the clocks go forward on the last day', '2016-03-26T12:00:00Z', '2017-03-26T22:59:59Z', true],
    ['the clocks go forward, day after', '2016-03-26T12:00:00Z', '2017-03-26T23:00:00Z', false],
    ['the clocks go back on the last day', '2016-10-29T12:00:00Z', '2017-10-29T23:59:59Z', true],
    ['the clocks go back, day after', '2016-10-29T12:00:00Z', '2017-10-30T00:00:00Z', false],
  ])('%s', (_name, first, incident, expected) => {
    expect(repeatOf(first, incident)).toBe(expected);
  });

  it.each([
    ['31 January + 1 month is 28 February', '2017-01-31T12:00:00Z', '2017-02-28T23:59:59Z', true],
    ['and 1 March is outside', '2017-01-31T12:00:00Z', '2017-03-01T00:00:00Z', false],
    [
      '31 January + 1 month in a leap year is 29 February',
      '2016-01-31T12:00:00Z',
      '2016-02-29T23:59:59Z',
      true,
    ],
  ])('a window of 1 month: %s', (_name, first, incident, expected) => {
    expect(repeatOf(first, incident, { ...rule, windowMonths: 1 })).toBe(expected);
  });
});

describe('the repeat rule', () => {
  it('needs an incident after the last referral, not at it or before it', () => {
    expect(repeatOf('2017-03-10T09:00:00Z', '2017-03-10T09:00:00Z')).toBe(false);
    expect(repeatOf('2017-03-10T09:00:00Z', '2017-03-09T09:00:00Z')).toBe(false);
    expect(repeatOf('2017-03-10T09:00:00Z', '2017-03-10T09:00:00.001Z')).toBe(true);
  });

  it('does not count the date of the new referral, only that of the incident it names', () => {
    const late = referral('b', '2018-06-01T12:00:00Z', '2017-02-01T12:00:00Z');
    expect(
      findRepeats([referral('a', '2016-03-10T09:00:00Z', '2016-03-01T00:00:00Z'), late], rule).get('b'),
    ).toBe(true);
  });

  it('looks at the last referral of the same perpetrator, not of another', () => {
    const before = [
      referral('a', '2016-03-10T09:00:00Z', '2016-03-01T00:00:00Z', { perpetratorIds: ['p'] }),
      referral('b', '2016-09-10T09:00:00Z', '2016-09-01T00:00:00Z', { perpetratorIds: ['q'] }),
    ];
    const next = referral('c', '2016-10-10T09:00:00Z', '2016-08-01T00:00:00Z');
    expect(findRepeats([...before, { ...next, perpetratorIds: ['q'] }], rule).get('c')).toBe(false);
    expect(findRepeats([...before, { ...next, perpetratorIds: ['p', 'q'] }], rule).get('c')).toBe(true);
    expect(findRepeats([...before, { ...next, perpetratorIds: ['r'] }], rule).get('c')).toBe(false);
  });

  it('an earlier referral of the pair does not count once there is a later one', () => {
    const findings = findRepeats(
      [
        referral('a', '2015-01-10T09:00:00Z', '2015-01-01T00:00:00Z'),
        referral('b', '2017-01-10T09:00:00Z', '2015-06-01T00:00:00Z'),
        referral('c', '2017-02-10T09:00:00Z', '2015-07-01T00:00:00Z'),
      ],
      rule,
    );
    expect([...findings]).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
    ]);
  });

  it('by the older wording only a criminal act counts', () => {
    const first = referral('a', '2016-03-10T09:00:00Z', '2016-03-01T00:00:00Z');
    const second = referral('b', '2016-05-10T09:00:00Z', '2016-05-01T00:00:00Z', { criminal: false });
    const older: RepeatRule = { ...rule, wording: 'criminal-act' };
    expect(findRepeats([first, second], rule).get('b')).toBe(true);
    expect(findRepeats([first, second], older).get('b')).toBe(false);
    expect(findRepeats([first, { ...second, criminal: true }], older).get('b')).toBe(true);
  });
});

const instant = fc.date({
  min: new Date('2015-01-01T00:00:00Z'),
  max: new Date('2018-12-31T00:00:00Z'),
  noInvalidDate: true,
});
const history = fc.uniqueArray(
  fc.record({
    id: fc.uuid(),
    referredAt: instant,
    incidentAt: instant,
    perpetratorIds: fc.subarray(['p', 'q', 'r'], { minLength: 1 }),
    criminal: fc.boolean(),
  }),
  { selector: (one) => one.id, maxLength: 12 },
);
const rules = fc.record({
  windowMonths: fc.integer({ min: 1, max: 24 }),
  wording: fc.constantFrom('any-abuse' as const, 'criminal-act' as const),
});

describe('for any history of a victim', () => {
  it('the findings do not depend on the order of arrival', () => {
    fc.assert(
      fc.property(
        history.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        rules,
        ([all, shuffled], rule) => {
          expect(Object.fromEntries(findRepeats(shuffled, rule))).toEqual(
            Object.fromEntries(findRepeats(all, rule)),
          );
        },
      ),
    );
  });

  it('a later referral never changes the finding of an earlier one', () => {
    fc.assert(
      fc.property(history, rules, (all, rule) => {
        const sorted = all.toSorted(
          (a, b) => a.referredAt.getTime() - b.referredAt.getTime() || (a.id < b.id ? -1 : 1),
        );
        const whole = findRepeats(sorted, rule);
        sorted.forEach((one, index) => {
          expect(findRepeats(sorted.slice(0, index + 1), rule).get(one.id)).toBe(whole.get(one.id));
        });
      }),
    );
  });

  it('a wider window or the newer wording never takes a repeat away', () => {
    fc.assert(
      fc.property(history, rules, (all, rule) => {
        const narrow = findRepeats(all, rule);
        const wide = findRepeats(all, { windowMonths: rule.windowMonths + 1, wording: 'any-abuse' });
        for (const [id, repeat] of narrow) if (repeat) expect(wide.get(id)).toBe(true);
      }),
    );
  });

  it('referrals that share no perpetrator with an earlier one are no repeats', () => {
    fc.assert(
      fc.property(history, rules, (all, rule) => {
        const apart = all.map((one, index) => ({ ...one, perpetratorIds: [`only-${index}`] }));
        expect([...findRepeats(apart, rule).values()]).not.toContain(true);
      }),
    );
  });
});
