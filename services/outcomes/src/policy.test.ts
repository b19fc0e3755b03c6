import type { Caller } from '@midas/kit';
import { describe, expect, it } from 'vitest';
import { policy } from './policy.ts';

const caller = (roles: readonly string[], organisationKind: string): Caller => ({
  kind: 'user',
  subject: 'f3b1',
  userName: 'somebody',
  client: 'midas-web',
  organisation: organisationKind,
  organisationKind,
  roles,
  teams: [],
  purpose: '',
  via: 'gateway',
});
const mayRead = (roles: readonly string[], kind: string) =>
  policy.abilityFor(caller(roles, kind)).can('read', 'Report');

describe('the report', () => {
  it.each([
    [['commissioner'], 'council', true],
    [['commissioner', 'default-roles-midas', 'offline_access'], 'ccg', true],
    [['commissioner'], 'provider', false],
    [['commissioner'], 'partner', false],
    [['service-manager'], 'provider', true],
    [['service-manager'], 'council', false],
    [['commissioner', 'case-worker'], 'council', false],
    [['service-manager', 'programme-manager'], 'provider', false],
    [['case-worker'], 'provider', false],
    [['information-governance'], 'council', false],
    [[], 'council', false],
  ])('%j of the %s: %s', (roles, kind, may) => {
    expect(mayRead(roles, kind)).toBe(may);
  });

  it('is read by no service', () => {
    const service: Caller = { ...caller(['service:case'], ''), kind: 'service' };
    expect(policy.abilityFor(service).rules).toEqual([]);
  });
});
