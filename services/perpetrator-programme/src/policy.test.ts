import { subject } from '@casl/ability';
import { accessibleBy } from '@casl/prisma/runtime';
import { ALL_CLASSES, type Caller } from '@midas/kit';
import { describe, expect, it } from 'vitest';
import { policy } from './policy.ts';

const caller = (roles: string | readonly string[], change: Partial<Caller> = {}): Caller => ({
  kind: 'user',
  subject: 'f3b1',
  userName: 'someone@provider',
  client: 'midas-web',
  organisation: 'provider',
  organisationKind: 'provider',
  roles: [roles].flat(),
  teams: [],
  purpose: '',
  via: 'gateway',
  ...change,
});

const own = { facilitator: 'someone@provider' };
const others = { facilitator: 'other@provider' };
const ACTIONS = ['read', 'enrol', 'attend', 'signal', 'export', 'hold', 'erase'] as const;

/** What a caller may do with a participant, and which privacy classes it sees. */
function powers(who: Caller, row: typeof own, kind = 'Participant'): string {
  const ability = policy.abilityFor(who);
  const may = (action: string, field?: string) => ability.can(action, subject(kind, { ...row }), field);
  const actions = ACTIONS.filter((action) => may(action));
  return actions.length === 0
    ? 'nothing'
    : `${actions.join(' ')}: ${ALL_CLASSES.filter((privacy) => may('read', privacy)).join(' ')}`;
}

describe('a programme-facilitator', () => {
  it('works with own participants, addresses hidden', () => {
    expect(powers(caller('programme-facilitator'), own)).toBe(
      'read enrol attend signal: NONE PERSONAL SPECIAL_CATEGORY FREE_TEXT',
    );
  });

  it('learns nothing of others', () => {
    expect(powers(caller('programme-facilitator'), others)).toBe('enrol: ');
  });
});

describe('a programme-manager', () => {
  it('reads, exports, holds and erases every participant and works with own', () => {
    expect(powers(caller('programme-manager'), others)).toBe('read enrol export hold erase: NONE PERSONAL');
    expect(powers(caller('programme-manager'), own)).toBe(
      'read enrol attend signal export hold erase: NONE PERSONAL SPECIAL_CATEGORY FREE_TEXT',
    );
  });

  it('sees all of a record only when it is exported', () => {
    expect(powers(caller('programme-manager'), others, 'ParticipantExport')).toBe(
      `read: ${ALL_CLASSES.join(' ')}`,
    );
    expect(powers(caller('programme-facilitator'), own, 'ParticipantExport')).toBe('nothing');
  });
});

describe('the wall', () => {
  const survivorSide = [
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
    'health-navigator',
    'partner-support-worker',
    'commissioner',
    'information-governance',
  ];

  it.each([...survivorSide, 'platform-operator', 'toString'])('%s gets nothing', (role) => {
    expect(powers(caller(role), own)).toBe('nothing');
  });

  it('an empty grant lists nothing', () => {
    const ability = policy.abilityFor(caller('case-worker'));
    expect(ability.rules).toEqual([]);
    expect(accessibleBy(ability, 'read').ofType('Participant')).toEqual({ OR: [] });
  });

  it('only the service `case` takes particulars out', () => {
    const service = (name: string) => caller(`service:${name}`, { kind: 'service', organisationKind: '' });
    expect(powers(service('case'), others, 'ProgrammeParticulars')).toBe(`read: ${ALL_CLASSES.join(' ')}`);
    expect(powers(service('case'), others)).toBe('nothing');
    for (const name of ['risk', 'referral', 'outcomes', 'health-access', 'gateway']) {
      expect(powers(service(name), others, 'ProgrammeParticulars')).toBe('nothing');
    }
    expect(powers(caller('service:case'), others, 'ProgrammeParticulars')).toBe('nothing');
  });
});
