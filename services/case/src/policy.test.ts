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
  teams: ['north'],
  purpose: '',
  via: 'gateway',
  ...change,
});

const mine = { worker: 'someone@provider', team: 'north' };
const teams = { worker: 'other@provider', team: 'north' };
const others = { worker: 'other@provider', team: 'south' };
const unallocated = { worker: null, team: null };

/** Records of every subject that hang on a case and on a group. */
const records = (ofCase: typeof mine | typeof unallocated, facilitator: string) => ({
  Case: ofCase,
  Contact: { case: ofCase },
  Group: { facilitator },
  GroupMember: { case: ofCase, group: { facilitator } },
  CaseForHealth: ofCase,
});

const ACTIONS = ['read', 'allocate', 'contact', 'close', 'manage', 'join', 'attend'] as const;

/** What a caller may do with these records, and which privacy classes it sees of them. */
function powers(who: Caller, ofCase: typeof mine | typeof unallocated, facilitator = 'someone-else') {
  const ability = policy.abilityFor(who);
  return Object.fromEntries(
    Object.entries(records(ofCase, facilitator)).flatMap(([kind, row]) => {
      const may = (action: string, field?: string) => ability.can(action, subject(kind, { ...row }), field);
      const actions = ACTIONS.filter((action) => may(action));
      const sees = ALL_CLASSES.filter((privacy) => may('read', privacy));
      return actions.length === 0 ? [] : [[kind, `${actions.join(' ')}: ${sees.join(' ')}`]];
    }),
  );
}

const EVERYTHING = ALL_CLASSES.join(' ');
const NO_ADDRESS = ALL_CLASSES.filter((privacy) => privacy !== 'LOCATION').join(' ');
const NOTHING = {};

describe('a case-worker', () => {
  const worker = caller('case-worker');

  it('has assigned cases in full with addresses', () => {
    expect(powers(worker, mine)).toEqual({
      Case: `read contact join: ${EVERYTHING}`,
      Contact: `read: ${EVERYTHING}`,
      Group: 'read join: NONE PERSONAL',
      GroupMember: `read: ${EVERYTHING}`,
    });
  });

  it('sees cases of the team without notes and addresses, and changes nothing there', () => {
    expect(powers(worker, teams)).toEqual({
      Case: 'read: NONE PERSONAL',
      Contact: 'read: NONE PERSONAL',
      Group: 'read join: NONE PERSONAL',
    });
  });

  it.each([
    ['of another team', others],
    ['not allocated yet', unallocated],
  ])('sees no case %s', (_, ofCase) => {
    expect(powers(worker, ofCase)).toEqual({ Group: 'read join: NONE PERSONAL' });
  });

  it('without a team sees the assigned cases only', () => {
    const alone = caller('case-worker', { teams: [] });
    expect(powers(alone, teams)).toEqual({ Group: 'read join: NONE PERSONAL' });
    expect(powers(alone, mine)).toHaveProperty('Case');
  });
});

describe('a service-manager', () => {
  it('has every case but its addresses; allocates and closes', () => {
    for (const ofCase of [mine, others, unallocated]) {
      expect(powers(caller('service-manager'), ofCase)).toEqual({
        Case: `read allocate close join: ${NO_ADDRESS}`,
        Contact: `read: ${NO_ADDRESS}`,
        Group: 'read join: NONE PERSONAL',
        GroupMember: `read: ${NO_ADDRESS}`,
      });
    }
  });
});

describe('a group-facilitator', () => {
  const facilitator = caller('group-facilitator');

  it('keeps own groups and sees their members, nothing of a case', () => {
    expect(powers(facilitator, others, 'someone@provider')).toEqual({
      Group: 'read manage attend: NONE PERSONAL',
      GroupMember: 'read: NONE PERSONAL FREE_TEXT',
    });
  });

  it('sees no other group', () => {
    // "manage" is to make a group; that it does not open others is what this holds.
    expect(powers(facilitator, others, 'someone-else')).toEqual({ Group: 'manage: ' });
  });
});

describe('nothing', () => {
  it.each([
    'referrer',
    'partner-system',
    'partner-professional',
    'intake-worker',
    'accommodation-worker',
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
    'constructor',
  ])('is what %s may here', (role) => {
    expect(powers(caller(role), mine, 'someone@provider')).toEqual(NOTHING);
  });

  it.each(['case-worker', 'service-manager', 'group-facilitator'])(
    'is what a %s of a partner may',
    (role) => {
      const elsewhere = caller(role, { organisation: 'police', organisationKind: 'partner' });
      expect(powers(elsewhere, mine, 'someone@provider')).toEqual(NOTHING);
    },
  );

  it.each(['programme-facilitator', 'programme-manager', 'commissioner'])(
    'is left of a token that also holds %s',
    (role) => {
      expect(powers(caller(['service-manager', 'case-worker', role]), mine)).toEqual(NOTHING);
    },
  );

  it('is what an empty grant lists', () => {
    for (const who of [caller([]), caller('commissioner'), caller('case-worker', { kind: 'anonymous' })]) {
      const ability = policy.abilityFor(who);
      expect(ability.rules).toEqual([]);
      expect(accessibleBy(ability, 'read').ofType('Case')).toEqual({ OR: [] });
    }
  });
});

describe('a service', () => {
  const service = (name: string) =>
    caller(`service:${name}`, { kind: 'service', userName: '', organisationKind: '' });

  it('health-access reads what a plan needs: no note, no address', () => {
    expect(powers(service('health-access'), others)).toEqual({ CaseForHealth: 'read: NONE PERSONAL' });
  });

  it.each(['risk', 'referral', 'outcomes', 'perpetrator-programme', 'gateway'])(
    '%s reads no record',
    (name) => {
      expect(powers(service(name), mine)).toEqual(NOTHING);
    },
  );

  it('is not made of a user that holds its role', () => {
    expect(powers(caller('service:health-access'), mine)).toEqual(NOTHING);
  });
});
