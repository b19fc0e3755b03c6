/** Runs work with a limit over all and in sequence for each key. */
export interface Sequencer {
  /** Resolves when the work has been started or queued and there is room for more. Work must not reject. */
  add(key: string, work: () => Promise<void>): Promise<void>;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

/** A sequencer that runs at most `limit` pieces of work at once; work of one key runs one by one, in order. */
export function sequencer(limit: number): Sequencer {
  const tails = new Map<string, Promise<void>>();
  const rooms: (() => void)[] = [];
  let running = 0;
  let queued = 0;
  const idlers: (() => void)[] = [];

  const enter = async (): Promise<void> => {
    if (running >= limit) await new Promise<void>((resolve) => rooms.push(resolve));
    else running += 1;
  };
  const leave = (): void => {
    // The place passes on to the next that waits, so the count stays.
    const next = rooms.shift();
    if (next === undefined) running -= 1;
    else next();
    queued -= 1;
    if (queued === 0) for (const done of idlers.splice(0)) done();
  };
  const add: Sequencer['add'] = async (key, work) => {
    queued += 1;
    const before = tails.get(key);
    const tail = (async () => {
      await before;
      await enter();
      try {
        await work();
      } finally {
        leave();
      }
    })();
    tails.set(key, tail);
    void tail.finally(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
    if (queued >= limit * 4) await tail;
  };
  return {
    add,
    idle: () => (queued === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
}
