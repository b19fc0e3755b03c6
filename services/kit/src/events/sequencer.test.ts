import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sequencer } from './sequencer.ts';

test('work of one key runs one by one in order, and never more than the limit at once', async () => {
  const arbitrary = fc.array(fc.record({ key: fc.nat(4), turns: fc.nat(3) }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(arbitrary, fc.integer({ min: 1, max: 5 }), async (items, limit) => {
      const line = sequencer(limit);
      const done = new Map<string, number[]>();
      const busy = new Set<string>();
      for (const [index, { key, turns }] of items.entries()) {
        await line.add(String(key), async () => {
          expect(busy.has(String(key))).toBe(false);
          busy.add(String(key));
          expect(busy.size).toBeLessThanOrEqual(limit);
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          busy.delete(String(key));
          done.set(String(key), [...(done.get(String(key)) ?? []), index]);
        });
      }
      await line.idle();
      expect([...done.values()].flat()).toHaveLength(items.length);
      for (const order of done.values()) expect(order).toEqual(order.toSorted((a, b) => a - b));
    }),
  );
});
