import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random, seedState, step } from './random.ts';

describe('the seeded generator', () => {
  it('makes the numbers of the published sfc32 from a known state', () => {
    // Worked by hand from the definition: a+b+counter, then the three words are mixed.
    expect(step([1, 2, 3, 4])).toEqual({ value: 7, state: [2, 27, (3 << 21) + 7, 5] });
  });

  it('gives the same stream for the same seed and label, another one otherwise', () => {
    const draw = (seed: number, label: string): number[] => {
      const chance = random(seed, label);
      return Array.from({ length: 20 }, () => chance.int(0, 1_000_000));
    };
    expect(draw(1, 'people')).toEqual(draw(1, 'people'));
    expect(draw(1, 'people')).not.toEqual(draw(2, 'people'));
    expect(draw(1, 'people')).not.toEqual(draw(1, 'marac'));
    expect(seedState(0, '')).not.toEqual([0, 0, 0, 0]);
  });

  it('stays within bounds, reaches both of them, and is even', () => {
    const chance = random(7, 'dice');
    const faces = new Map<number, number>();
    for (let i = 0; i < 6000; i += 1) {
      const face = chance.int(1, 6);
      faces.set(face, (faces.get(face) ?? 0) + 1);
    }
    expect([...faces.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    for (const count of faces.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('shuffles without losing or doubling anything', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer()), (seed, list) => {
        const shuffled = random(seed, 's').shuffle(list);
        expect(shuffled.toSorted((a, b) => a - b)).toEqual(list.toSorted((a, b) => a - b));
      }),
    );
  });

  it('refuses to pick from nothing', () => {
    expect(() => random(1, 'x').pick([])).toThrow(RangeError);
  });
});
