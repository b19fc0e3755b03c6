import { describe, expect, it } from 'vitest';
import { briefly } from './briefly.ts';

describe('an answer that is kept for a moment', () => {
  it('is loaded once a key until its time is over', async () => {
    let clock = 0;
    let loads = 0;
    const kept = briefly<number>(1_000, () => clock);
    const ask = (key: string) => kept(key, async () => ++loads);
    expect(await Promise.all([ask('a'), ask('a'), ask('b')])).toEqual([1, 1, 2]);
    clock = 999;
    expect(await ask('a')).toBe(1);
    clock = 1_000;
    expect(await ask('a')).toBe(3);
  });

  it('is counted from when it was asked for, however long the answer took', async () => {
    let clock = 0;
    const kept = briefly<string>(1_000, () => clock);
    const slow = Promise.withResolvers<string>();
    const first = kept('a', () => slow.promise);
    clock = 1_500;
    slow.resolve('old');
    expect(await first).toBe('old');
    expect(await kept('a', async () => 'new')).toBe('new');
  });

  it('is not kept when it failed', async () => {
    const kept = briefly<string>(1_000, () => 0);
    await expect(kept('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await kept('a', async () => 'back')).toBe('back');
  });
});
