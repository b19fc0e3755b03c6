import { waitFor } from '@midas/kit/testing';
import { expect } from 'vitest';

/** That whoever asks a second from now or later is answered with this status, however long an answer takes. */
export async function withinASecond(
  ask: () => Promise<{ readonly status: number }>,
  status: number,
  what: string,
): Promise<void> {
  const began = performance.now();
  let otherwiseAt = 0;
  const answersSo = async () => {
    const askedAt = performance.now() - began;
    if ((await ask()).status === status) return true;
    otherwiseAt = askedAt;
    return false;
  };
  await waitFor(answersSo, { what: `${status} ${what}` });
  expect(otherwiseAt).toBeLessThan(1_000);
}
