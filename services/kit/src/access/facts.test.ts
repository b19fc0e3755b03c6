import { describe, expect, it } from 'vitest';
import type { AccessRule } from '../contract/methods.ts';
import { DomainError } from '../errors/domain-error.ts';
import { anonymous, type Caller } from '../identity/caller.ts';
import { factsAbout } from './facts.ts';

const user = (changes: Partial<Caller> = {}): Caller => ({
  ...anonymous('gateway'),
  kind: 'user',
  subject: 'me',
  roles: ['worker'],
  purpose: 'testing',
  ...changes,
});
const asked = (action: string): AccessRule => ({ kind: 'permission', action, subject: 'Thing' });

/** Facts that count how often their owner was asked, under a clock of the test's own. */
function counted() {
  const state = { clock: 0, asks: 0, away: undefined as Error | undefined };
  const facts = factsAbout<number>(
    {
      ask: async () => {
        if (state.away) throw state.away;
        return ++state.asks;
      },
      none: 0,
      matter: ({ roles }, rule) =>
        roles.includes('worker') && rule.kind === 'permission' && rule.action !== 'make',
      anew: (rule) => rule.kind === 'permission' && rule.action === 'open',
    },
    () => state.clock,
  );
  return { state, facts };
}

describe('facts about a caller', () => {
  it('are asked for once a second, by whatever two requests may differ', async () => {
    const { state, facts } = counted();
    const read = (changes: Partial<Caller> = {}) => facts(user(changes), asked('read'));
    expect([await read(), await read()]).toEqual([1, 1]);
    for (const [index, other] of [
      { subject: 'you' },
      { purpose: 'another' },
      { roles: ['worker', 'guest'] },
      { teams: ['a'] },
      { organisation: 'elsewhere' },
      { client: 'another' },
    ].entries()) {
      expect(await read(other)).toBe(index + 2);
    }
    state.clock = 999;
    expect(await read()).toBe(1);
    state.clock = 1_000;
    expect(await read()).toBe(8);
  });

  it('are not asked for where they make no difference', async () => {
    const { state, facts } = counted();
    expect(await facts(user(), asked('make'))).toBe(0);
    expect(await facts(user({ roles: ['guest'] }), asked('read'))).toBe(0);
    expect(await facts(user({ kind: 'service' }), asked('read'))).toBe(0);
    expect(await facts(anonymous('gateway'), { kind: 'public' })).toBe(0);
    expect(state.asks).toBe(0);
  });

  it('are asked for anew where a moment counts, and hold for those who ask next', async () => {
    const { facts } = counted();
    expect(await facts(user(), asked('read'))).toBe(1);
    expect(await facts(user(), asked('open'))).toBe(2);
    expect(await facts(user(), asked('read'))).toBe(2);
  });

  it('refuse as unavailable when they cannot be had, whatever the reason, and come again', async () => {
    const { state, facts } = counted();
    for (const kind of ['unavailable', 'timeout', 'forbidden', 'not-found'] as const) {
      state.away = new DomainError(kind, kind, 'No.');
      await expect(facts(user(), asked('read'))).rejects.toMatchObject({
        kind: 'unavailable',
        slug: 'access-unavailable',
        cause: state.away,
      });
    }
    state.away = undefined;
    expect(await facts(user(), asked('read'))).toBe(1);
  });
});
