import { setTimeout as sleep } from 'node:timers/promises';
import { userError } from '../errors.ts';
import type { CaughtUp } from '../platform/types.ts';
import type { Progress } from '../progress/index.ts';

const EVERY_MS = 250;
const STALLED_MS = 180_000;

/**
 * Waits until every outbox is published and no consumer has anything pending, seen twice in a row: between two
 * looks an event may have been neither here nor there. Rejects when nothing moves for `stalledMs`.
 */
export async function waitUntilCaughtUp(
  status: () => Promise<CaughtUp>,
  progress: Progress,
  { everyMs = EVERY_MS, stalledMs = STALLED_MS } = {},
): Promise<void> {
  const task = progress.task('Waiting until every service has caught up');
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  let moved = performance.now();
  let clear = 0;
  for (;;) {
    const seen = await status();
    if (seen.deadLetters > 0) {
      task.fail();
      throw userError(
        `${seen.deadLetters} events could not be applied, so the figures would be short of them.`,
        'Look for "dead letter" in `midas logs`.',
      );
    }
    clear = seen.caughtUp && seen.unreachable.length === 0 ? clear + 1 : 0;
    if (clear === 2) {
      task.done();
      return;
    }
    const pending = seen.outboxPending + seen.consumerPending;
    if (pending > most) {
      most = pending;
      task.setTotal(most);
    }
    if (pending < least) {
      task.advance(Number.isFinite(least) ? least - pending : most - pending, `${pending} events to go`);
      least = pending;
      moved = performance.now();
    }
    if (performance.now() - moved > stalledMs) {
      task.fail();
      throw stalled(seen, stalledMs);
    }
    await sleep(everyMs);
  }
}

const stalled = ({ outboxPending, consumerPending, unreachable }: CaughtUp, ms: number): Error =>
  userError(
    `Nothing moved for ${Math.round(ms / 1000)} s: ${outboxPending} events unpublished, ${consumerPending} not yet heard` +
      `${unreachable.length > 0 ? `, no answer from ${unreachable.join(', ')}` : ''}.`,
    'Look at `midas status` and `midas logs`; started again, the report follows once they have caught up.',
  );
