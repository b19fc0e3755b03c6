import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedMeasures, figuresFrom, scaled } from '../figures.ts';
import { planYear } from './index.ts';
import { measuresOf } from './oracle.testing.ts';
import { needs, type Step } from './step.ts';

const paper = figuresFrom();
const digest = (plan: readonly Step[]): string =>
  createHash('sha256').update(JSON.stringify(plan)).digest('hex');

const count = fc.integer({ min: 0, max: 40 });
const marac = fc.tuple(count, count).map(([a, b]) => ({ referred: Math.max(a, b), repeats: Math.min(a, b) }));
const anyFigures = fc.record({
  incidents: fc.record({ high: count, medium: count, standard: count }),
  marac2017: marac,
  marac2018: marac,
  idva: fc.tuple(count, count).map(([a, b]) => ({ referred: Math.max(a, b), engaged: Math.min(a, b) })),
  oneStopShop: fc.record({ referred: count }),
  freedom: fc.record({ attended: count }),
});
const seed = fc.integer({ min: -1_000_000, max: 1_000_000 });

describe('the planned year', () => {
  it('comes to the paper’s figures when counted anew from what is sent', () => {
    for (const one of [1, 2017]) expect(measuresOf(planYear(one, paper))).toEqual(expectedMeasures(paper));
  });

  it('comes to any figures, for any seed', () => {
    fc.assert(
      fc.property(seed, anyFigures, (one, figures) => {
        expect(measuresOf(planYear(one, figures))).toEqual(expectedMeasures(figures));
      }),
      { numRuns: 60 },
    );
  });

  it('comes to scaled figures', () => {
    for (const scale of [0.02, 0.05, 0.3]) {
      const small = scaled(paper, scale);
      expect(measuresOf(planYear(5, small))).toEqual(expectedMeasures(small));
    }
  });

  it('has far fewer repeats when the window is one month', () => {
    const repeats = measuresOf(planYear(2017, paper), 1)['marac_2017.repeats'] ?? 0;
    expect(repeats).toBeGreaterThan(0);
    expect(repeats).toBeLessThan(60);
  });

  it('has its full volume, and quickly', () => {
    const before = process.cpuUsage();
    const plan = planYear(2017, paper);
    // Of the processor, for a busy machine takes longer by the clock.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(4000);
    expect(plan.length).toBeGreaterThan(13_000);
    expect(plan.length).toBeLessThan(17_000);
  });

  it('is the same for the same seed and another for another', () => {
    const small = scaled(paper, 0.1);
    expect(digest(planYear(4, small))).toBe(digest(planYear(4, small)));
    expect(digest(planYear(4, small))).not.toBe(digest(planYear(5, small)));
  });
});

describe('the steps', () => {
  it('have ids of their own that can be sent as references, and stand after all they need', () => {
    fc.assert(
      fc.property(seed, anyFigures, (one, figures) => {
        const before = new Set<string>();
        for (const step of planYear(one, figures)) {
          expect(before.has(step.id)).toBe(false);
          expect(step.id).toMatch(/^[A-Za-z0-9._/-]{1,50}$/);
          for (const need of needs(step)) expect(before.has(need)).toBe(true);
          before.add(step.id);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('run from 2016 to spring 2018', () => {
    const plan = planYear(2017, paper);
    expect(plan[0]?.at.slice(0, 4)).toBe('2016');
    expect((plan.at(-1)?.at ?? '') < '2018-09').toBe(true);
  });

  it('never carry a level, a score or a person id', () => {
    const names = new Set<string>();
    const collect = (value: unknown): void => {
      if (Array.isArray(value)) value.forEach(collect);
      else if (typeof value === 'object' && value !== null) {
        for (const [name, inner] of Object.entries(value)) {
          names.add(name);
          collect(inner);
        }
      }
    };
    for (const step of planYear(2017, scaled(paper, 0.2))) if (step.kind === 'post') collect(step.body);
    expect([...names].filter((name) => /level|score|person_id|repeat/.test(name))).toEqual([]);
  });
});
