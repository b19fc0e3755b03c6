import { describe, expect, it } from 'vitest';
import { contractRoles } from '../contract/roles.ts';
import type { Caller } from '../identity/caller.ts';
import { anonymous } from '../identity/caller.ts';
import { standingOf } from './standing.ts';

const roles = contractRoles();
const user = (held: readonly string[], organisationKind = 'provider'): Caller => ({
  ...anonymous('gateway'),
  kind: 'user',
  subject: 'me',
  userName: 'me@here',
  organisation: 'here',
  organisationKind,
  roles: held,
});
const slugOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return Object(error).slug;
  }
  return 'allowed';
};

describe('the roles of a token that count', () => {
  it('are those of the contract, held where they may be held', () => {
    expect(standingOf(roles, user(['case-worker', 'offline_access', 'admin']), '').roles).toEqual([
      'case-worker',
    ]);
    expect(standingOf(roles, user(['case-worker', 'referrer'], 'partner'), '').roles).toEqual(['referrer']);
    expect(standingOf(roles, user(['service:case']), '').roles).toEqual([]);
  });

  it('exclude each other across the wall and beside aggregates, wherever they are held', () => {
    const all = [...roles.values()];
    for (const one of all) {
      for (const other of all) {
        const sides = new Set([one.side, other.side].filter((side) => side !== 'NEUTRAL'));
        const slug = slugOf(() => standingOf(roles, user([one.name, other.name], 'council'), ''));
        expect(slug, `${one.name} and ${other.name}`).toBe(sides.size > 1 ? 'conflicting-roles' : 'allowed');
      }
    }
    expect(all.filter(({ side }) => side === 'PROGRAMME').map(({ name }) => name)).toEqual([
      'programme-facilitator',
      'programme-manager',
    ]);
    expect(all.filter(({ side }) => side === 'AGGREGATE').map(({ name }) => name)).toEqual(['commissioner']);
    expect(all.filter(({ side }) => side === 'NEUTRAL').map(({ name }) => name)).toEqual([
      'platform-operator',
    ]);
  });

  it('are narrowed to those that fit the purpose, and none is refused', () => {
    const both = user(['case-worker', 'marac-coordinator']);
    expect(standingOf(roles, both, 'direct-care')).toMatchObject({
      roles: ['case-worker'],
      purpose: 'direct-care',
    });
    expect(standingOf(roles, both, 'marac').roles).toEqual(['case-worker', 'marac-coordinator']);
    expect(slugOf(() => standingOf(roles, both, 'commissioning'))).toBe('purpose-not-permitted');
  });

  it('are those that fit the purpose of the first role when none is named', () => {
    expect(standingOf(roles, user(['marac-coordinator', 'case-worker']), '')).toMatchObject({
      roles: ['marac-coordinator', 'case-worker'],
      purpose: 'marac',
    });
    expect(standingOf(roles, user(['case-worker', 'marac-coordinator']), '')).toMatchObject({
      roles: ['case-worker'],
      purpose: 'direct-care',
    });
    expect(standingOf(roles, user([]), '').purpose).toBe('');
  });

  it('of a token with no role of the contract cannot ask for any purpose', () => {
    expect(slugOf(() => standingOf(roles, user([]), 'governance'))).toBe('purpose-not-permitted');
  });
});
