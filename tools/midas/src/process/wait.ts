import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks `check` until it answers something other than undefined.
 * Throws what `onTimeout` makes once `timeoutMs` has passed; errors thrown by `check` end the wait at once.
 */
export const waitFor = async <T>(
  check: () => Promise<T | undefined>,
  options: {
    readonly timeoutMs: number;
    readonly everyMs?: number;
    readonly onTimeout: () => Error | Promise<Error>;
  },
): Promise<T> => {
  const end = Date.now() + options.timeoutMs;
  for (;;) {
    const answer = await check();
    if (answer !== undefined) return answer;
    if (Date.now() >= end) throw await options.onTimeout();
    await delay(options.everyMs ?? 50);
  }
};
