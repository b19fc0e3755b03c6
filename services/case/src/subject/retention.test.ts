import { describe, expect, it } from 'vitest';
import { duePersons, nextErasureTry } from './retention.ts';

const now = new Date('2026-05-01T00:00:00Z');
const past = new Date('2026-04-30T23:00:00Z');

describe('who is due', () => {
  it('is everybody whose last date has passed, but those held or with something open', () => {
    const kept = [
      { personId: 'past', keepUntil: past },
      { personId: 'today', keepUntil: now },
      { personId: 'later', keepUntil: new Date('2026-05-02T00:00:00Z') },
      { personId: 'open', keepUntil: null },
      { personId: 'held', keepUntil: past },
    ];
    expect(duePersons(kept, new Set(['held']), now).map(({ personId }) => personId)).toEqual([
      'past',
      'today',
    ]);
  });
});

it('an erasure that waits is tried again ever later, at least once an hour', () => {
  const seconds = [0, 1, 5, 12, 40].map((attempts) => (+nextErasureTry(attempts, now) - +now) / 1000);
  expect(seconds).toEqual([1, 2, 32, 3_600, 3_600]);
});
