import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextTry } from './programme.ts';

describe('a signal that could not be matched', () => {
  const now = new Date('2018-01-02T09:00:00Z');
  const delay = (attempts: number): number => nextTry(attempts, now).getTime() - now.getTime();

  it('is tried again later each time, at first in seconds, always within the hour', () => {
    expect(delay(0)).toBe(2000);
    fc.assert(
      fc.property(fc.nat(), (attempts) => {
        expect(delay(attempts)).toBeGreaterThan(0);
        expect(delay(attempts + 1)).toBeGreaterThanOrEqual(delay(attempts));
        expect(delay(attempts)).toBeLessThanOrEqual(3_600_000);
      }),
    );
  });
});
