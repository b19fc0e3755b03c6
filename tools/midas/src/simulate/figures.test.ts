import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedMeasures, FIGURE_IDS, figuresFrom, percent, readFigures, scaled } from './figures.ts';

describe('the figures of the paper', () => {
  it('read as the commissioners wrote them', () => {
    expect(expectedMeasures(figuresFrom())).toEqual({
      'incidents.high': 714,
      'incidents.medium': 1555,
      'incidents.standard': 2458,
      'incidents.total': 4727,
      'marac_2017.referred': 582,
      'marac_2017.repeats': 220,
      'marac_2017.repeat_percent': 37.8,
      'marac_2018_to_april.referred': 188,
      'marac_2018_to_april.repeats': 64,
      'marac_2018_to_april.repeat_percent': 34,
      'idva.referred': 531,
      'idva.engaged_percent': 89,
      'one_stop_shop.referred': 624,
      'freedom_programme.attended': 250,
    });
    expect(figuresFrom().idva.engaged).toBe(473);
  });

  it('may be given again as they are, under every id', () => {
    expect(figuresFrom(expectedMeasures(figuresFrom()))).toEqual(figuresFrom());
    expect(Object.keys(expectedMeasures(figuresFrom())).sort()).toEqual([...FIGURE_IDS].sort());
  });
});

describe('figures of one’s own', () => {
  it('take the place of those named and leave the others', () => {
    const figures = figuresFrom({ 'incidents.high': 3, 'idva.referred': 100, 'idva.engaged_percent': 75 });
    expect(figures.incidents).toEqual({ high: 3, medium: 1555, standard: 2458 });
    expect(figures.idva).toEqual({ referred: 100, engaged: 75 });
    expect(figures.freedom.attended).toBe(250);
  });

  it.each([
    ['an id that there is not', { 'incidents.low': 1 }, 'incidents.low'],
    ['a negative number', { 'incidents.high': -1 }, 'incidents.high'],
    ['half an incident', { 'incidents.medium': 1.5 }, 'incidents.medium'],
    ['a number as text', { 'one_stop_shop.referred': '12' }, 'one_stop_shop.referred'],
    ['nothing', { 'one_stop_shop.referred': null }, 'one_stop_shop.referred'],
    ['more than can be told apart', { 'one_stop_shop.referred': 1e9 }, 'one_stop_shop.referred'],
    ['more repeats than referrals', { 'marac_2017.repeats': 583 }, 'marac_2017.repeats'],
    ['a total that its parts do not give', { 'incidents.total': 4000 }, 'incidents.total'],
    ['a percentage that does not follow', { 'marac_2017.repeat_percent': 40 }, 'marac_2017.repeat_percent'],
    ['a percentage above a hundred', { 'idva.engaged_percent': 101 }, 'idva.engaged_percent'],
    [
      'a percentage that no count rounds to',
      { 'idva.referred': 7, 'idva.engaged_percent': 89 },
      'idva.engaged_percent',
    ],
  ])('are refused for %s, by the id', (_, given, id) => {
    expect(() => figuresFrom(given)).toThrow(`"${id}"`);
  });

  it.each([[[]], [null], ['x']])('must be an object: %j', (given) => {
    expect(() => figuresFrom(given)).toThrow('one JSON object');
  });

  it('are refused from a file that is not there', async () => {
    await expect(readFigures('/nowhere/figures.json')).rejects.toThrow('cannot be read');
  });

  it('keep the wanted percentage wherever some count gives it', () => {
    const wanted = fc.tuple(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 0, max: 100 }));
    fc.assert(
      fc.property(wanted, ([referred, engagedPercent]) => {
        const possible = Array.from({ length: referred + 1 }, (_, count) => percent(count, referred, 0));
        const given = { 'idva.referred': referred, 'idva.engaged_percent': engagedPercent };
        if (possible.includes(engagedPercent)) {
          expect(percent(figuresFrom(given).idva.engaged, referred, 0)).toBe(engagedPercent);
        } else {
          expect(() => figuresFrom(given)).toThrow('"idva.engaged_percent"');
        }
      }),
    );
  });
});

describe('a scaled year', () => {
  it('rounds every leaf half up and sums the totals from them', () => {
    const small = expectedMeasures(scaled(figuresFrom(), 0.05));
    expect(small).toMatchObject({
      'incidents.high': 36, // 35.7
      'incidents.medium': 78, // 77.75
      'incidents.standard': 123, // 122.9
      'incidents.total': 237,
      'marac_2017.referred': 29,
      'marac_2017.repeats': 11,
      'marac_2018_to_april.referred': 9,
      'marac_2018_to_april.repeats': 3,
      'idva.referred': 27,
      'idva.engaged_percent': 89,
      'one_stop_shop.referred': 31,
      'freedom_programme.attended': 13, // 12.5
    });
  });

  it('is the year itself at 1', () => {
    expect(scaled(figuresFrom(), 1)).toEqual(figuresFrom());
  });

  it('never has more repeats than referrals, nor more engaged than referred', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 2, noNaN: true }), (scale) => {
        const { marac2017, marac2018, idva } = scaled(figuresFrom(), scale);
        expect(marac2017.repeats).toBeLessThanOrEqual(marac2017.referred);
        expect(marac2018.repeats).toBeLessThanOrEqual(marac2018.referred);
        expect(idva.engaged).toBeLessThanOrEqual(idva.referred);
      }),
    );
  });

  it.each([0, -1, Number.NaN, 21])('refuses a scale of %s', (scale) => {
    expect(() => scaled(figuresFrom(), scale)).toThrow('scale');
  });
});
