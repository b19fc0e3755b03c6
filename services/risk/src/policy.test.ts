import { subject } from '@casl/ability';
import { ALL_CLASSES, type Caller } from '@midas/kit';
import { describe, expect, it } from 'vitest';
import { policy } from './policy.ts';

const caller = (role: string, organisationKind: string, organisation = organisationKind): Caller => ({
  kind: role.startsWith('service:') ? 'service' : 'user',
  subject: 'me',
  userName: `${role}@${organisation}`,
  client: 'midas-web',
  organisation,
  organisationKind,
  roles: [role],
  teams: [],
  purpose: '',
  via: 'gateway',
});

const actions = { Assessment: ['read', 'assess'], MaracReferral: ['read', 'refer', 'hear'] } as const;

/** What a caller may do to a record; for `read` also which privacy classes it sees. */
function powers(who: Caller, row: object): Record<string, string> {
  const ability = policy.abilityFor(who);
  const of = (kind: keyof typeof actions): string => {
    const may = actions[kind].filter((action) => ability.can(action, subject(kind, { ...row })));
    const sees = ALL_CLASSES.filter((privacy) => ability.can('read', subject(kind, { ...row }), privacy));
    return [...may, ...sees].join(' ');
  };
  return { Assessment: of('Assessment'), MaracReferral: of('MaracReferral') };
}

const full = 'NONE PERSONAL SPECIAL_CATEGORY FREE_TEXT';
const mine = { organisation: 'provider', recordedBy: 'me', incidentId: null };
const colleagues = { ...mine, recordedBy: 'another' };
const ofFeed = { organisation: 'victim-support', recordedBy: null, incidentId: 'i' };
const ofPolice = { organisation: 'police', recordedBy: 'another', incidentId: null };

const sorted = (text: string) => text.split(' ').toSorted().join(' ');
const same = (given: Record<string, string>, wanted: Record<string, string>) =>
  expect(Object.fromEntries(Object.entries(given).map(([kind, text]) => [kind, sorted(text)]))).toEqual(
    Object.fromEntries(Object.entries(wanted).map(([kind, text]) => [kind, sorted(text)])),
  );

describe('who may do what with risk', () => {
  it('a case-worker assesses and refers, and sees what he or she recorded', () => {
    const worker = caller('case-worker', 'provider');
    same(powers(worker, mine), { Assessment: `read assess ${full}`, MaracReferral: `read refer ${full}` });
    for (const row of [colleagues, ofFeed, ofPolice])
      same(powers(worker, row), { Assessment: 'assess', MaracReferral: 'refer' });
  });

  it('an intake worker assesses and sees what he or she recorded, nothing of MARAC', () => {
    const intake = caller('intake-worker', 'provider');
    same(powers(intake, mine), { Assessment: `read assess ${full}`, MaracReferral: '' });
    for (const row of [colleagues, ofFeed])
      same(powers(intake, row), { Assessment: 'assess', MaracReferral: '' });
  });

  it('a service manager sees levels of the provider’s records, neither answers nor words', () => {
    const manager = caller('service-manager', 'provider');
    same(powers(manager, colleagues), {
      Assessment: 'read NONE PERSONAL',
      MaracReferral: 'read NONE PERSONAL',
    });
    same(powers(manager, ofPolice), { Assessment: '', MaracReferral: '' });
  });

  it.each(['council', 'provider'])('a MARAC coordinator of the %s sees and hears every referral', (kind) => {
    same(powers(caller('marac-coordinator', kind), ofPolice), {
      Assessment: '',
      MaracReferral: `read hear ${full}`,
    });
  });

  it('a MARAC representative refers and sees the agency’s referrals', () => {
    const police = caller('marac-representative', 'partner', 'police');
    same(powers(police, ofPolice), { Assessment: '', MaracReferral: `read refer ${full}` });
    same(powers(police, mine), { Assessment: '', MaracReferral: 'refer' });
  });

  it.each([
    ['referrer', 'partner'],
    ['partner-system', 'partner'],
    ['partner-professional', 'council'],
    ['commissioner', 'council'],
    ['health-navigator', 'ccg'],
    ['programme-facilitator', 'provider'],
    ['programme-manager', 'provider'],
    ['platform-operator', 'provider'],
    ['information-governance', 'council'],
    ['volunteer', 'provider'],
    ['marac-coordinator', 'partner'],
    ['case-worker', 'council'],
    ['service:case', ''],
    ['constructor', 'provider'],
  ])('%s of the %s may do nothing', (role, kind) => {
    expect(policy.abilityFor(caller(role, kind)).rules).toEqual([]);
  });

  it('a token with a role of the programme, or a commissioner’s, beside another is good for nothing', () => {
    for (const walled of ['programme-facilitator', 'programme-manager', 'commissioner']) {
      const both: Caller = { ...caller('case-worker', 'provider'), roles: ['case-worker', walled] };
      expect(policy.abilityFor(both).rules).toEqual([]);
    }
  });
});
