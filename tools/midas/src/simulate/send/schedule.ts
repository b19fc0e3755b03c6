/** What became of one try of a piece of work. */
export type Tried = 'done' | { readonly againInMs: number };

export interface Work {
  readonly needs: readonly string[];
  readonly id: string;
}

/**
 * Does every piece of work once all that it needs is done, in the order of the list as far as that allows, at most
 * `atOnce` at a time. A piece that is to be tried again waits without holding a place. The first error stops it:
 * nothing new begins, and the error is thrown when what was under way has ended.
 */
export async function schedule<W extends Work>(
  works: readonly W[],
  attempt: (work: W, tries: number) => Promise<Tried>,
  { atOnce, done = new Set<string>() }: { readonly atOnce: number; readonly done?: ReadonlySet<string> },
): Promise<void> {
  const pending = works.filter(({ id }) => !done.has(id));
  const open = new Set(pending.map(({ id }) => id));
  const waitingFor = new Map<number, number>();
  const followers = new Map<string, number[]>();
  const ready = queue();
  pending.forEach(({ needs }, index) => {
    const missing = needs.filter((need) => open.has(need));
    for (const need of missing) followers.set(need, [...(followers.get(need) ?? []), index]);
    if (missing.length === 0) ready.add(index);
    else waitingFor.set(index, missing.length);
  });

  await new Promise<void>((resolve, reject) => {
    let running = 0;
    let left = pending.length;
    let failure: { readonly cause: unknown } | undefined;
    const delays = new Set<NodeJS.Timeout>();

    const settle = (): void => {
      if (failure && running === 0) {
        for (const delay of delays) clearTimeout(delay);
        reject(failure.cause);
      } else if (left === 0) resolve();
    };
    const finish = (work: W): void => {
      left -= 1;
      for (const follower of followers.get(work.id) ?? []) {
        const missing = (waitingFor.get(follower) ?? 1) - 1;
        waitingFor.set(follower, missing);
        if (missing === 0) ready.add(follower);
      }
    };
    const run = async (index: number, work: W, tries: number): Promise<void> => {
      running += 1;
      try {
        const tried = await attempt(work, tries);
        if (tried === 'done') finish(work);
        else later(index, tries + 1, tried.againInMs);
      } catch (cause) {
        failure ??= { cause };
      }
      running -= 1;
      start();
      settle();
    };
    const triesOf = new Map<number, number>();
    const later = (index: number, tries: number, ms: number): void => {
      triesOf.set(index, tries);
      const delay = setTimeout(() => {
        delays.delete(delay);
        ready.add(index);
        start();
      }, ms);
      delays.add(delay);
    };
    const start = (): void => {
      while (!failure && running < atOnce) {
        const index = ready.take();
        const work = index === undefined ? undefined : pending[index];
        if (index === undefined || work === undefined) return;
        void run(index, work, triesOf.get(index) ?? 0);
      }
    };
    start();
    settle();
  });
}

/** A queue that gives the lowest number first (a binary heap). */
function queue(): { readonly add: (n: number) => void; readonly take: () => number | undefined } {
  const heap: number[] = [];
  const at = (index: number): number => heap[index] ?? Number.POSITIVE_INFINITY;
  const swap = (a: number, b: number): void => {
    const [left, right] = [at(a), at(b)];
    heap[a] = right;
    heap[b] = left;
  };
  return {
    add: (n) => {
      let child = heap.push(n) - 1;
      for (let parent = (child - 1) >> 1; child > 0 && at(parent) > at(child); parent = (child - 1) >> 1) {
        swap(parent, child);
        child = parent;
      }
    },
    take: () => {
      const top = heap[0];
      const last = heap.pop();
      if (top === undefined || last === undefined || heap.length === 0) return top;
      heap[0] = last;
      let parent = 0;
      for (;;) {
        const left = 2 * parent + 1;
        const child = at(left + 1) < at(left) ? left + 1 : left;
        if (at(child) >= at(parent)) return top;
        swap(parent, child);
        parent = child;
      }
    },
  };
}
