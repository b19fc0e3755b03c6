import { subject } from '@casl/ability';
import { ALL_CLASSES, abilityOf, type Caller } from '@midas/kit';
import { CallerFacts, RelationKind, ShareScope } from '@midas/proto/case/v1/access';
import { describe, expect, test } from 'vitest';
import { rulesFor } from './policy.ts';

const caller = (role: string, organisation: string): Caller => ({
  kind: role.startsWith('service:') ? 'service' : 'user',
  subject: 'f3b1',
  userName: `${role}@${organisation}`,
  client: 'midas-web',
  organisation,
  organisationKind: organisation,
  roles: [role],
  teams: [],
  purpose: '',
  via: 'gateway',
});

const shared = (scope: ShareScope, caseId = 'case', kind: RelationKind = RelationKind.SHARED) =>
  CallerFacts.fromPartial({ relations: [{ kind, scope, caseId, personId: 'ada' }] });
const nothing = CallerFacts.fromPartial({});

/** What a caller may do to Ada's plan, which a navigator opened, and which privacy classes of it he or she sees. */
function powers(who: Caller, facts: CallerFacts, navigator = 'another'): string {
  const ability = abilityOf(rulesFor(who, facts));
  const plan = () => subject('HealthPlan', { navigator, caseId: 'case', personId: 'ada' });
  const may = ['open', 'read', 'write'].filter((action) => ability.can(action, plan()));
  const sees = ALL_CLASSES.filter((privacy) => ability.can('read', plan(), privacy));
  return [...may, ...sees].join(' ');
}

const full = 'NONE PERSONAL SPECIAL_CATEGORY FREE_TEXT';
const ccg = caller('health-navigator', 'ccg');
const provider = caller('health-navigator', 'provider');

describe.each([ccg, provider])('$userName', (navigator) => {
  test.each([ShareScope.HEALTH, ShareScope.FULL])('opens, reads and writes plans shared with %s', (scope) => {
    expect(powers(navigator, shared(scope))).toBe(`open read ${full}`);
    expect(powers(navigator, shared(scope), navigator.userName)).toBe(`open read write ${full}`);
  });

  test('sees nothing of what is shared in summary only, elsewhere, or not at all', () => {
    for (const facts of [
      shared(ShareScope.SUMMARY),
      shared(ShareScope.HEALTH, 'another case'),
      shared(ShareScope.UNSPECIFIED, 'case', RelationKind.ASSIGNED),
      nothing,
    ])
      expect(powers(navigator, facts)).toBe('');
  });

  test('sees nothing of a person whom a conflict of interest blocks', () => {
    const blocked = { ...shared(ShareScope.FULL), blockedPersonIds: ['ada'] };
    expect(powers(navigator, blocked, navigator.userName)).toBe('open');
    const elsewhere = { ...shared(ShareScope.FULL), blockedPersonIds: ['eve'] };
    expect(powers(navigator, elsewhere)).toBe(`open read ${full}`);
  });
});

test('a plan stays with the provider’s navigator when the share is over, and with nobody else', () => {
  expect(powers(provider, nothing, provider.userName)).toBe(`read write ${full}`);
  expect(powers(ccg, nothing, ccg.userName)).toBe('');
});

test('a partner’s professional reads what is shared for health, and neither opens nor writes', () => {
  const housing = caller('partner-professional', 'housing');
  expect(powers(housing, shared(ShareScope.HEALTH))).toBe(`read ${full}`);
  expect(powers(housing, shared(ShareScope.FULL), housing.userName)).toBe(`read ${full}`);
  expect(powers(housing, shared(ShareScope.SUMMARY))).toBe('');
});

test('nobody else may do anything, nor a user without a name', () => {
  for (const role of ['case-worker', 'service-manager', 'intake-worker', 'marac-coordinator', 'service:case'])
    expect(rulesFor(caller(role, 'provider'), shared(ShareScope.FULL))).toEqual([]);
  expect(rulesFor({ ...ccg, userName: '' }, shared(ShareScope.FULL))).toEqual([]);
});
