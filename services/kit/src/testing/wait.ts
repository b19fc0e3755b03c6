import { setTimeout as pause } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 10 000. */
  readonly timeoutMs?: number;
  /** Said when it never came true. */
  readonly what?: string;
}

/**
 * Asks again and again until the answer is neither `undefined`, `null` nor `false`, and returns it.
 * An error counts as not yet; the last one is the cause of the failure.
 */
export async function waitFor<T>(
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  { timeoutMs = 10_000, what = 'the condition' }: WaitOptions = {},
): Promise<T> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  for (let step = 2; performance.now() < end; step = Math.min(step * 1.5, 100)) {
    try {
      const answer = await condition();
      if (answer !== undefined && answer !== null && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await pause(step);
  }
  throw new Error(`${what} did not come true within ${timeoutMs} ms`, { cause: last });
}
