import { fail } from '@midas/kit';

/** A bound on work in progress. There is no queue behind it: what does not fit is refused at once. */
export interface LoadGate {
  /** Rejects with kind `unavailable` when full. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Lets at most `most` calls run at the same time. */
export function loadGate(most: number): LoadGate {
  let running = 0;
  return {
    async run(work) {
      if (running >= most) fail('unavailable', 'overloaded', 'The gateway is busy. Try again shortly.');
      running += 1;
      try {
        return await work();
      } finally {
        running -= 1;
      }
    },
  };
}
