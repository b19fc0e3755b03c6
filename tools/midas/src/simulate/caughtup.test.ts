import { describe, expect, it } from 'vitest';
import type { CaughtUp } from '../platform/types.ts';
import { silentProgress } from '../progress/index.ts';
import { waitUntilCaughtUp } from './caughtup.ts';

const looks = (...list: readonly Partial<CaughtUp>[]) => {
  let seen = 0;
  const status = async (): Promise<CaughtUp> => {
    const outboxPending = 0;
    const look = {
      outboxPending,
      consumerPending: 0,
      deadLetters: 0,
      unreachable: [],
      ...(list[Math.min(seen, list.length - 1)] ?? {}),
    };
    seen += 1;
    return { caughtUp: look.outboxPending + look.consumerPending === 0, ...look };
  };
  return { status, count: () => seen };
};
const quick = { everyMs: 0, stalledMs: 50 };

describe('waiting until every service has caught up', () => {
  it('ends when nothing is pending twice in a row', async () => {
    const { status, count } = looks(
      { outboxPending: 5 },
      { consumerPending: 3 },
      {},
      { consumerPending: 1 },
      {},
      {},
    );
    await waitUntilCaughtUp(status, silentProgress, quick);
    expect(count()).toBe(6);
  });

  it('does not trust a look that could not reach every service', async () => {
    const { status, count } = looks({ unreachable: ['risk'] }, { unreachable: ['risk'] }, {}, {});
    await waitUntilCaughtUp(status, silentProgress, quick);
    expect(count()).toBe(4);
  });

  it('gives no report that events are missing from', async () => {
    const { status } = looks({ deadLetters: 1 });
    await expect(waitUntilCaughtUp(status, silentProgress, quick)).rejects.toThrow(
      /1 events could not be applied/,
    );
  });

  it('says what is left when nothing moves any more', async () => {
    const { status } = looks({ consumerPending: 2, unreachable: ['outcomes'] });
    await expect(waitUntilCaughtUp(status, silentProgress, quick)).rejects.toThrow(
      /2 not yet heard, no answer from outcomes/,
    );
  });
});
