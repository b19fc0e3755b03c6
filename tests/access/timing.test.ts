import { expect, test } from 'vitest';
import { differ, type Pairs, signedRank } from './timing.ts';

// Repeatable noise with the long tail that times of calls have (mulberry32).
function noise(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return () => 8 + 4 * uniform() ** 2 - 3 * Math.log(1 - uniform()) + (uniform() > 0.98 ? 60 : 0);
}

function pairs(seed: number, n = 1000, slower: (time: number) => number = (time) => time): Pairs {
  const time = noise(seed);
  const one: number[] = [];
  const other: number[] = [];
  for (let at = 0; at < n; at++) {
    other.push(time());
    one.push(slower(time()));
  }
  return { one, other };
}

const seeds = Array.from({ length: 200 }, (_, seed) => seed + 1);

test('pairs of times that come from one distribution do not differ', () => {
  expect(seeds.filter((seed) => differ(pairs(seed)))).toEqual([]);
});

test('a millisecond in a dozen on one side is found, and on which side it is', () => {
  const late = (time: number) => time + 1;
  expect(seeds.filter((seed) => !differ(pairs(seed, 1000, late)))).toEqual([]);
  expect(signedRank(pairs(1, 1000, late))).toBeGreaterThan(0);
  const { one, other } = pairs(1, 1000, late);
  expect(signedRank({ one: other, other: one })).toBeCloseTo(-signedRank({ one, other }));
});

test('a look-up that only every third call of one side pays for is found', () => {
  let call = 0;
  const sometimes = (time: number) => (call++ % 3 === 0 ? time * 1.5 : time);
  expect(seeds.filter((seed) => !differ(pairs(seed, 1000, sometimes)))).toEqual([]);
});

test('lists that are no pairs are refused', () => {
  expect(() => signedRank({ one: [1, 2], other: [1] })).toThrow('no pairs');
});
