import { subject } from '@casl/ability';
import { accessibleBy } from '@casl/prisma/runtime';
import { ALL_CLASSES, type Caller } from '@midas/kit';
import { describe, expect, test } from 'vitest';
import { policy } from './policy.ts';

const caller = (role: string, organisationKind: string, organisation = organisationKind): Caller => ({
  kind: role.startsWith('service:') ? 'service' : 'user',
  subject: 'f3b1',
  userName: `${role}@${organisation}`,
  client: 'midas-web',
  organisation,
  organisationKind,
  roles: [role],
  teams: [],
  purpose: '',
  via: 'gateway',
});

type Action = 'read' | 'see-triage' | 'report' | 'submit' | 'triage';
type Subject = 'Incident' | 'Referral';

/** What a caller may do to a record of the police; for `read` also which privacy classes it sees. */
function powers(who: Caller, status = 'SUBMITTED') {
  const ability = policy.abilityFor(who);
  const may = (action: Action, kind: Subject, field?: string) =>
    ability.can(action, subject(kind, { organisation: 'police', status }), field);
  const actions: readonly Action[] = ['read', 'see-triage', 'report', 'submit', 'triage'];
  return Object.fromEntries(
    (['Incident', 'Referral'] as const).map((kind) => [
      kind,
      {
        may: actions.filter((action) => may(action, kind)).join(' '),
        sees: ALL_CLASSES.filter((privacy) => may('read', kind, privacy)).join(' '),
      },
    ]),
  );
}

const nothing = { may: '', sees: '' };
const everything = ALL_CLASSES.join(' ');
const butAddresses = ALL_CLASSES.filter((privacy) => privacy !== 'LOCATION').join(' ');

describe('senders', () => {
  test.each(['referrer', 'partner-system'])(
    '%s sees again what its organisation sent, nothing of triage',
    (role) => {
      expect(powers(caller(role, 'partner', 'police'))).toEqual({
        Incident: { may: 'read report', sees: everything },
        Referral: { may: 'read submit', sees: everything },
      });
    },
  );

  test.each(['referrer', 'partner-system'])('%s sees nothing of another organisation', (role) => {
    expect(powers(caller(role, 'partner', 'housing'))).toEqual({
      Incident: { may: 'report', sees: '' },
      Referral: { may: 'submit', sees: '' },
    });
  });

  test('a sender without an organisation may do nothing', () => {
    expect(policy.abilityFor(caller('referrer', 'partner', '')).rules).toEqual([]);
  });
});

describe('the provider', () => {
  test('an intake worker triages all referrals and reads all but addresses', () => {
    expect(powers(caller('intake-worker', 'provider'))).toEqual({
      Incident: { may: 'read', sees: butAddresses },
      Referral: { may: 'read see-triage submit triage', sees: butAddresses },
    });
  });

  test('a service manager reads all without answers, words and addresses', () => {
    expect(powers(caller('service-manager', 'provider'))).toEqual({
      Incident: { may: 'read', sees: 'NONE PERSONAL' },
      Referral: { may: 'read see-triage', sees: 'NONE PERSONAL' },
    });
  });

  test.each(['intake-worker', 'service-manager'])(
    '%s of another kind of organisation may do nothing',
    (role) => {
      for (const kind of ['council', 'ccg', 'partner'])
        expect(policy.abilityFor(caller(role, kind)).rules).toEqual([]);
    },
  );
});

describe('services', () => {
  test('case reads a referral once it is accepted', () => {
    expect(powers(caller('service:case', ''), 'SUBMITTED')).toEqual({ Incident: nothing, Referral: nothing });
    expect(powers(caller('service:case', ''), 'REJECTED')).toEqual({ Incident: nothing, Referral: nothing });
    const accepted = powers(caller('service:case', ''), 'ACCEPTED');
    expect(accepted).toEqual({ Incident: nothing, Referral: { may: 'read', sees: everything } });
  });

  test('risk reads incidents', () => {
    expect(powers(caller('service:risk', ''))).toEqual({
      Incident: { may: 'read', sees: everything },
      Referral: nothing,
    });
  });

  test("a user cannot borrow a service's name", () => {
    expect(policy.abilityFor({ ...caller('service:risk', 'partner'), kind: 'user' }).rules).toEqual([]);
  });
});

describe('everyone else', () => {
  test.each([
    'partner-professional',
    'case-worker',
    'accommodation-worker',
    'group-facilitator',
    'volunteer-coordinator',
    'volunteer',
    'marac-coordinator',
    'marac-representative',
    'health-navigator',
    'programme-facilitator',
    'programme-manager',
    'partner-support-worker',
    'commissioner',
    'information-governance',
    'platform-operator',
    'service:gateway',
    'service:health-access',
    'service:perpetrator-programme',
    'service:outcomes',
    'constructor',
  ])('%s may do nothing', (role) => {
    for (const kind of ['provider', 'council', 'ccg', 'partner'])
      expect(policy.abilityFor(caller(role, kind)).rules).toEqual([]);
  });

  test.each(['programme-facilitator', 'programme-manager', 'commissioner'])(
    '%s beside a survivor-side role may do nothing',
    (walled) => {
      const both = { ...caller('intake-worker', 'provider'), roles: ['intake-worker', walled] };
      expect(policy.abilityFor(both).rules).toEqual([]);
    },
  );

  test('the empty grant lists nothing', () => {
    const empty = accessibleBy(policy.abilityFor(caller('case-worker', 'provider')), 'read');
    expect(empty.ofType('Referral')).toEqual({ OR: [] });
  });
});
