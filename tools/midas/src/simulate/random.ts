/**
 * A small seeded generator (sfc32, Chris Doty-Humphrey's "small fast counter"), so that one seed always makes
 * one year. Not for secrets.
 */
export type RandomState = readonly [number, number, number, number];

/** State from a seed and a label; different labels give independent streams. */
export function seedState(seed: number, label: string): RandomState {
  // FNV-1a over the text, four times with different starts.
  const text = `${seed}:${label}`;
  const word = (start: number): number => {
    let hash = start >>> 0;
    for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
    return hash;
  };
  let state: RandomState = [word(0x811c9dc5), word(0x9e3779b9), word(0x85ebca6b), 1];
  for (let i = 0; i < 15; i += 1) state = step(state).state;
  return state;
}

/** The next 32 random bits and the state after them. */
export function step(state: RandomState): { readonly value: number; readonly state: RandomState } {
  const [a, b, c, counter] = state;
  const value = (((a + b) >>> 0) + counter) >>> 0;
  const rotated = ((c << 21) | (c >>> 11)) >>> 0;
  return {
    value,
    state: [
      (b ^ (b >>> 9)) >>> 0,
      (c + ((c << 3) >>> 0)) >>> 0,
      (rotated + value) >>> 0,
      (counter + 1) >>> 0,
    ],
  };
}

export interface Random {
  /** A whole number from `low` to `high`, both included. */
  readonly int: (low: number, high: number) => number;
  /** True with the probability `p` (0…1). */
  readonly chance: (p: number) => boolean;
  /** One of a list that is not empty. */
  readonly pick: <T>(list: readonly T[]) => T;
  /** A new list in random order. */
  readonly shuffle: <T>(list: readonly T[]) => T[];
}

/** A stream of random choices for one label of one seed. */
export function random(seed: number, label: string): Random {
  let state = seedState(seed, label);
  const next = (): number => {
    const { value, state: after } = step(state);
    state = after;
    return value / 0x1_0000_0000;
  };
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const pick = <T>(list: readonly T[]): T => {
    const index = int(0, list.length - 1);
    if (index >= list.length || index < 0) throw new RangeError('cannot pick from an empty list');
    return list[index] as T; // in range by the check above; T itself may be undefined
  };
  const shuffle = <T>(list: readonly T[]): T[] => {
    const keyed = list.map((item) => ({ item, key: next() }));
    return keyed.sort((left, right) => left.key - right.key).map(({ item }) => item);
  };
  return { int, chance: (p) => next() < p, pick, shuffle };
}
