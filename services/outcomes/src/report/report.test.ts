import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measures } from './measures.ts';
import { measured, percent } from './report.ts';

describe('a percentage', () => {
  it.each([
    [220, 582, 1, 37.8],
    [64, 188, 1, 34],
    [473, 531, 0, 89],
    [1, 8, 1, 12.5],
    [1, 8, 0, 13],
    [1, 200, 0, 1],
    [0, 7, 1, 0],
    [7, 7, 1, 100],
    [0, 0, 1, 0],
  ])('%i of %i to %i decimals is %d', (part, whole, decimals, expected) => {
    expect(percent(part, whole, decimals)).toBe(expected);
  });

  it('is the nearest value at its decimals', () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.integer({ min: 1, max: 100_000 }),
        fc.nat(2),
        (some, whole, decimals) => {
          const part = some % (whole + 1);
          const off = Math.abs(percent(part, whole, decimals) - (100 * part) / whole);
          expect(off).toBeLessThanOrEqual(0.5 / 10 ** decimals + 1e-9);
        },
      ),
    );
  });
});

describe('the measure catalogue', () => {
  it('has the ids of the commissioners’ table, in its order', () => {
    expect(measures.map((measure) => measure.id)).toEqual([
      'incidents.high',
      'incidents.medium',
      'incidents.standard',
      'incidents.total',
      'marac_2017.referred',
      'marac_2017.repeats',
      'marac_2017.repeat_percent',
      'marac_2018_to_april.referred',
      'marac_2018_to_april.repeats',
      'marac_2018_to_april.repeat_percent',
      'idva.referred',
      'idva.engaged_percent',
      'one_stop_shop.referred',
      'freedom_programme.attended',
    ]);
  });

  it('names cohort, source, period and definition of each', () => {
    for (const measure of measures) {
      const row = measured(measure, [1, 2]);
      expect(row.period).toMatch(/^\d{4}-\d{2}-\d{2}\/\d{4}-\d{2}-\d{2}$/);
      for (const text of [row.cohort, row.source, row.definition]) expect(text.length).toBeGreaterThan(10);
    }
  });

  it('shows a count as itself and a percentage with what it was made from', () => {
    const find = (id: string) => measures.find((measure) => measure.id === id) ?? expect.fail(id);
    expect(measured(find('marac_2017.referred'), [582])).toMatchObject({
      value: 582,
      numerator: 582,
      denominator: 0,
    });
    expect(measured(find('marac_2017.repeat_percent'), [220, 582])).toMatchObject({
      value: 37.8,
      numerator: 220,
      denominator: 582,
    });
  });
});
