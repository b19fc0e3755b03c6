import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule, type Work } from './schedule.ts';

/** Works in which each may need earlier ones. */
const works = fc
  .array(fc.array(fc.nat({ max: 30 }), { maxLength: 3 }), { maxLength: 40 })
  .map((list): Work[] =>
    list.map((needs, index) => ({
      id: `w${index}`,
      needs: [...new Set(needs.filter((need) => need < index))].map((need) => `w${need}`),
    })),
  );

const keeping = (ids: string[]) => async (work: Work) => {
  ids.push(work.id);
  return 'done' as const;
};

describe('the schedule', () => {
  it('does everything once, after what it needs, never more at once than allowed', async () => {
    await fc.assert(
      fc.asyncProperty(works, fc.integer({ min: 1, max: 6 }), async (all, atOnce) => {
        const done: string[] = [];
        let running = 0;
        await schedule(
          all,
          async (work) => {
            running += 1;
            expect(running).toBeLessThanOrEqual(atOnce);
            await Promise.resolve();
            for (const need of work.needs) expect(done).toContain(need);
            running -= 1;
            done.push(work.id);
            return 'done';
          },
          { atOnce },
        );
        expect(done.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
      }),
    );
  });

  it('keeps the order of the list where nothing has to wait', async () => {
    const done: string[] = [];
    const list = Array.from({ length: 50 }, (_, index) => ({ id: `w${index}`, needs: [] }));
    await schedule(list, keeping(done), { atOnce: 1 });
    expect(done).toEqual(list.map(({ id }) => id));
  });

  it('leaves out what is done already', async () => {
    const tried: string[] = [];
    const list = [
      { id: 'a', needs: [] },
      { id: 'b', needs: ['a'] },
    ];
    await schedule(list, keeping(tried), { atOnce: 2, done: new Set(['a']) });
    expect(tried).toEqual(['b']);
  });

  it('lets others pass while one waits to be tried again', async () => {
    const done: string[] = [];
    const list = [
      { id: 'slow', needs: [] },
      { id: 'after-slow', needs: ['slow'] },
      { id: 'other', needs: [] },
    ];
    await schedule(
      list,
      async ({ id }, tries) => {
        if (id === 'slow' && tries < 3) return { againInMs: 1 };
        done.push(id);
        return 'done';
      },
      { atOnce: 1 },
    );
    expect(done).toEqual(['other', 'slow', 'after-slow']);
  });

  it('stops at the first error, begins nothing new and lets what runs end', async () => {
    const begun: string[] = [];
    let ended = false;
    const list = ['runs', 'fails', 'never'].map((id) => ({ id, needs: [] }));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const failing = schedule(
      list,
      async ({ id }) => {
        begun.push(id);
        if (id === 'fails') {
          queueMicrotask(release);
          throw new Error('no');
        }
        await held;
        ended = true;
        return 'done';
      },
      { atOnce: 2 },
    );
    await expect(failing).rejects.toThrow('no');
    expect(begun).toEqual(['runs', 'fails']);
    expect(ended).toBe(true);
  });
});
