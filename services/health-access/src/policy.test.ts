import { subject } from '@casl/ability';
import { accessibleBy } from '@casl/prisma/runtime';
import { ALL_CLASSES, type Caller } from '@midas/kit';
import { describe, expect, test } from 'vitest';
import { policy } from './policy.ts';

const caller = (role: string, organisationKind: string): Caller => ({
  kind: role.startsWith('service:') ? 'service' : 'user',
  subject: 'f3b1',
  userName: `${role}@${organisationKind}`,
  client: 'midas-web',
  organisation: organisationKind,
  organisationKind,
  roles: [role],
  teams: [],
  purpose: '',
  via: 'gateway',
});

/** What a caller may do to the plan of a navigator, and which privacy classes of it it sees. */
function powers(who: Caller, navigator: string) {
  const ability = policy.abilityFor(who);
  const may = (action: string, field?: string) =>
    ability.can(action, subject('HealthPlan', { navigator }), field);
  return {
    may: ['open', 'read', 'write'].filter((action) => may(action)).join(' '),
    sees: ALL_CLASSES.filter((privacy) => may('read', privacy)).join(' '),
  };
}

describe.each(['ccg', 'provider'])('a health navigator of the %s', (kind) => {
  const navigator = caller('health-navigator', kind);

  test('reads and writes the plans it opened, in full but for addresses', () => {
    expect(powers(navigator, navigator.userName)).toEqual({
      may: 'open read write',
      sees: ALL_CLASSES.filter((privacy) => privacy !== 'LOCATION').join(' '),
    });
  });

  test('sees nothing of the plans of others', () => {
    expect(powers(navigator, 'someone@else')).toEqual({ may: 'open', sees: '' });
  });

  test('without a user name may do nothing', () => {
    expect(policy.abilityFor({ ...navigator, userName: '' }).rules).toEqual([]);
  });
});

describe('everyone else', () => {
  test.each([
    'referrer',
    'partner-system',
    'partner-professional',
    'intake-worker',
    'case-worker',
    'service-manager',
    'accommodation-worker',
    'group-facilitator',
    'volunteer-coordinator',
    'volunteer',
    'marac-coordinator',
    'marac-representative',
    'programme-facilitator',
    'programme-manager',
    'partner-support-worker',
    'commissioner',
    'information-governance',
    'platform-operator',
    'service:gateway',
    'service:case',
    'service:risk',
    'service:outcomes',
    'constructor',
  ])('%s may do nothing', (role) => {
    for (const kind of ['provider', 'council', 'ccg', 'partner'])
      expect(policy.abilityFor(caller(role, kind)).rules).toEqual([]);
  });

  test.each(['council', 'partner'])('a health navigator of a %s may do nothing', (kind) => {
    expect(policy.abilityFor(caller('health-navigator', kind)).rules).toEqual([]);
  });

  test.each(['programme-facilitator', 'programme-manager', 'commissioner'])(
    '%s beside a survivor-side role may do nothing',
    (walled) => {
      const both = { ...caller('health-navigator', 'ccg'), roles: ['health-navigator', walled] };
      expect(policy.abilityFor(both).rules).toEqual([]);
    },
  );

  test('the empty grant lists nothing', () => {
    const empty = accessibleBy(policy.abilityFor(caller('case-worker', 'provider')), 'read');
    expect(empty.ofType('HealthPlan')).toEqual({ OR: [] });
  });
});
