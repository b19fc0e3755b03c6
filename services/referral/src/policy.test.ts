import { subject } from '@casl/ability';
import { ALL_CLASSES, abilityOf, type Caller } from '@midas/kit';
import { CallerFacts } from '@midas/proto/case/v1/access';
import { describe, expect, test } from 'vitest';
import { factsMatter, rulesFor } from './policy.ts';

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

const blockedFrom = (...blockedPersonIds: string[]) => CallerFacts.fromPartial({ blockedPersonIds });
const abilityFor = (who: Caller, facts = blockedFrom()) => abilityOf(rulesFor(who, facts));

const record = { organisation: 'police', status: 'SUBMITTED', personIds: ['ada', 'tom'] };

/** What a caller may do to records of the police about Ada and Tom. */
function powers(who: Caller, facts = blockedFrom(), changes: object = {}) {
  const ability = abilityFor(who, facts);
  const may = (kind: string, actions: readonly string[]) =>
    actions.filter((action) => ability.can(action, subject(kind, { ...record, ...changes }))).join(' ');
  return {
    Incident: may('Incident', ['read', 'report']),
    Referral: may('Referral', ['read', 'see-triage', 'submit', 'triage']),
  };
}

const police = caller('referrer', 'police');
const intake = caller('intake-worker', 'provider');

describe('what the roles grant', () => {
  test('a sender sees again what its organisation sent, addresses too, and nothing of others or of triage', () => {
    expect(powers(police)).toEqual({ Incident: 'read report', Referral: 'read submit' });
    expect(powers(caller('partner-system', 'housing'))).toEqual({ Incident: 'report', Referral: 'submit' });
    const ability = abilityFor(police);
    for (const privacy of ALL_CLASSES)
      expect(ability.can('read', subject('Referral', { ...record }), privacy)).toBe(true);
    expect(rulesFor(caller('referrer', ''), blockedFrom())).toEqual([]);
  });

  test('an intake worker triages all referrals without addresses, and reads no incident', () => {
    expect(powers(intake)).toEqual({ Incident: '', Referral: 'read see-triage submit triage' });
    expect(abilityFor(intake).can('read', subject('Referral', { ...record }), 'LOCATION')).toBe(false);
  });

  test('case reads a referral once it is accepted, risk incidents, and no user borrows a service’s name', () => {
    const asCase = caller('service:case', '');
    expect(powers(asCase)).toEqual({ Incident: '', Referral: '' });
    expect(powers(asCase, blockedFrom(), { status: 'ACCEPTED' }).Referral).toBe('read');
    expect(powers(caller('service:risk', ''))).toEqual({ Incident: 'read', Referral: '' });
    expect(rulesFor({ ...caller('service:risk', 'police'), kind: 'user' }, blockedFrom())).toEqual([]);
  });
});

describe('a conflict of interest', () => {
  test.each([police, intake])('takes everything about the person from $userName', (who) => {
    for (const person of record.personIds)
      expect(powers(who, blockedFrom('someone', person))).toEqual({
        Incident: who === police ? 'report' : '',
        Referral: 'submit',
      });
    expect(powers(who, blockedFrom('someone'))).toEqual(powers(who));
  });

  test('hides what is not identified yet, from the blocked only', () => {
    const unidentified = { personIds: [] };
    expect(powers(intake, blockedFrom('someone'), unidentified).Referral).toBe('submit');
    expect(powers(intake, blockedFrom(), unidentified)).toEqual(powers(intake));
  });

  test('is asked after for people and for what is there, not for systems or what is being sent', () => {
    const asked = (action: string) => ({ kind: 'permission', action, subject: 'Referral' }) as const;
    for (const who of [police, intake]) {
      expect(factsMatter(who, asked('read'))).toBe(true);
      expect(factsMatter(who, asked('triage'))).toBe(true);
      expect(factsMatter(who, asked('submit'))).toBe(false);
    }
    expect(factsMatter(caller('partner-system', 'police'), asked('read'))).toBe(false);
    expect(factsMatter(caller('case-worker', 'provider'), asked('read'))).toBe(false);
  });
});
