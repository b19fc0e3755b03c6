import { subject } from '@casl/ability';
import { accessibleBy } from '@casl/prisma/runtime';
import { ALL_CLASSES, abilityOf, type Caller } from '@midas/kit';
import { describe, expect, it } from 'vitest';
import { type Facts, NO_FACTS } from './facts/facts.ts';
import { rulesFor } from './policy.ts';

const caller = (roles: string | readonly string[], change: Partial<Caller> = {}): Caller => ({
  kind: 'user',
  subject: 'f3b1',
  userName: 'someone@provider',
  client: 'midas-web',
  organisation: 'provider',
  organisationKind: 'provider',
  roles: [roles].flat(),
  teams: ['north'],
  purpose: 'direct-care',
  via: 'gateway',
  ...change,
});

interface OfCase {
  readonly id: string;
  readonly worker: string | null;
  readonly team: string | null;
  readonly organisation: string | null;
  readonly personId: string;
  readonly concerns: readonly string[];
}

const aCase = (change: Partial<OfCase> = {}): OfCase => ({
  id: 'case-1',
  worker: 'other@provider',
  team: 'south',
  organisation: 'provider',
  personId: 'person',
  concerns: ['person', 'alleged'],
  ...change,
});
const mine = aCase({ worker: 'someone@provider', team: 'north' });
const teams = aCase({ team: 'north' });
const others = aCase();
const unallocated = aCase({ worker: null, team: null });

/** Records of every subject that hang on a case and on a group. */
const records = (ofCase: OfCase, facilitator: string, owner: string) => ({
  Case: ofCase,
  Contact: { case: ofCase },
  Group: { facilitator, organisation: ofCase.organisation },
  GroupMember: { case: ofCase, group: { facilitator } },
  ShareGrant: { owner, case: ofCase },
  SharedCase: ofCase,
  CaseForHealth: ofCase,
  BreakGlass: { openedBy: 'opener@provider', personId: ofCase.personId },
  ConflictBlock: {
    userName: 'blocked@provider',
    blockedBy: 'officer@council',
    personId: ofCase.personId,
    otherPersonIds: ['alleged'],
  },
});

const ACTIONS = [
  'read',
  'allocate',
  'contact',
  'close',
  'share',
  'end',
  'decide',
  'open',
  'review',
  'block',
  'manage',
  'join',
  'attend',
] as const;

interface Standing {
  readonly facts?: Partial<Facts>;
  readonly facilitator?: string;
  readonly owner?: string;
}

/** What a caller may do with these records, and which privacy classes it sees of them. */
function powers(
  who: Caller,
  ofCase: OfCase,
  { facts = {}, facilitator = 'someone-else', owner = 'someone-else' }: Standing = {},
) {
  const ability = abilityOf(rulesFor(who, { ...NO_FACTS, ...facts }));
  return Object.fromEntries(
    Object.entries(records(ofCase, facilitator, owner)).flatMap(([kind, row]) => {
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
const GROUPS = { Group: 'read join: NONE', BreakGlass: 'open: ' };
const ELSEWHERE = { BreakGlass: 'open: ' };
const ASSIGNED = {
  ...GROUPS,
  Case: `read contact share join: ${EVERYTHING}`,
  Contact: `read: ${EVERYTHING}`,
  GroupMember: `read: ${EVERYTHING}`,
};

describe('a case-worker', () => {
  const worker = caller('case-worker');

  it('has assigned cases in full with addresses, and decides on the shares he or she answers for', () => {
    expect(powers(worker, mine)).toEqual({ ...ASSIGNED, ShareGrant: 'read end: NONE FREE_TEXT' });
    expect(powers(worker, mine, { owner: 'someone@provider' })).toEqual({
      ...ASSIGNED,
      ShareGrant: 'read end decide: NONE FREE_TEXT',
    });
  });

  it('keeps an assigned case whose provider is not known, and none of another provider', () => {
    expect(powers(worker, { ...mine, organisation: null })).toHaveProperty('Case', ASSIGNED.Case);
    expect(powers(worker, { ...mine, organisation: 'elsewhere' })).toEqual(ELSEWHERE);
  });

  it('sees cases of the team without notes and addresses, and changes nothing there', () => {
    expect(powers(worker, teams)).toEqual({
      ...GROUPS,
      Case: 'read: NONE PERSONAL',
      Contact: 'read: NONE PERSONAL',
    });
    expect(powers(worker, { ...teams, organisation: 'elsewhere' })).toEqual(ELSEWHERE);
  });

  it('sees a case opened in an emergency in full, and changes nothing there', () => {
    const brokenGlass = [{ caseId: 'case-1', personId: 'person' }];
    expect(powers(worker, others, { facts: { brokenGlass } })).toEqual({
      ...GROUPS,
      Case: `read: ${EVERYTHING}`,
      Contact: `read: ${EVERYTHING}`,
    });
  });

  it.each([
    ['of another team', others],
    ['not allocated yet', unallocated],
  ])('sees no case %s', (_, ofCase) => {
    expect(powers(worker, ofCase)).toEqual(GROUPS);
  });

  it('without a team sees the assigned cases only', () => {
    const alone = caller('case-worker', { teams: [] });
    expect(powers(alone, teams)).toEqual(GROUPS);
    expect(powers(alone, mine)).toHaveProperty('Case');
  });
});

describe('a service-manager', () => {
  it('has every case of the provider without notes and addresses; allocates, closes, ends and decides shares', () => {
    for (const ofCase of [mine, others, unallocated]) {
      expect(powers(caller('service-manager'), ofCase)).toEqual({
        Group: 'read join: NONE',
        Case: 'read allocate close join: NONE PERSONAL',
        Contact: 'read: NONE PERSONAL',
        GroupMember: 'read: NONE PERSONAL',
        ShareGrant: 'read end decide: NONE',
      });
    }
  });

  it('has nothing of another provider', () => {
    for (const organisation of ['elsewhere', null]) {
      expect(powers(caller('service-manager'), { ...mine, organisation })).toEqual(NOTHING);
    }
  });
});

describe('a group-facilitator', () => {
  const facilitator = caller('group-facilitator');

  it('keeps own groups and sees their members, nothing of a case', () => {
    expect(powers(facilitator, others, { facilitator: 'someone@provider' })).toEqual({
      Group: 'read manage attend: NONE',
      GroupMember: 'read: NONE PERSONAL FREE_TEXT',
    });
  });

  it('sees no other group', () => {
    // "manage" is to make a group; that it does not open others is what this holds.
    expect(powers(facilitator, others)).toEqual({ Group: 'manage: ' });
  });
});

describe('whom a case is shared with', () => {
  const at = { organisation: 'housing', organisationKind: 'partner' };
  const partner = caller('partner-professional', at);
  const shared = (scope: 'SUMMARY' | 'HEALTH' | 'FULL', caseId = 'case-1') => ({
    facts: { shared: [{ caseId, personId: 'person', scope }] },
  });

  it('a partner sees as far as the scope reaches', () => {
    for (const scope of ['SUMMARY', 'HEALTH'] as const) {
      expect(powers(partner, others, shared(scope))).toEqual({ SharedCase: 'read: NONE PERSONAL' });
    }
    expect(powers(partner, others, shared('FULL'))).toEqual({
      Case: `read: ${NO_ADDRESS}`,
      Contact: `read: ${NO_ADDRESS}`,
      SharedCase: `read: ${NO_ADDRESS}`,
    });
    expect(powers(partner, others, shared('FULL', 'another'))).toEqual(NOTHING);
  });

  it('a health-navigator sees what is shared for health, without notes', () => {
    const navigator = caller('health-navigator', { organisation: 'ccg', organisationKind: 'ccg' });
    expect(powers(navigator, others, shared('SUMMARY'))).toEqual(NOTHING);
    for (const scope of ['HEALTH', 'FULL'] as const) {
      expect(powers(navigator, others, shared(scope))).toEqual({ SharedCase: 'read: NONE PERSONAL' });
    }
  });
});

describe('information-governance', () => {
  const officer = caller('information-governance');

  it('reviews openings and keeps conflicts of interest, and sees no record', () => {
    expect(powers(officer, mine)).toEqual({
      BreakGlass: 'read review: NONE FREE_TEXT',
      ConflictBlock: 'read block: NONE FREE_TEXT',
    });
  });

  it('reviews no own opening and knows of no conflict of its own', () => {
    expect(powers(caller('information-governance', { userName: 'opener@provider' }), mine)).toHaveProperty(
      'BreakGlass',
      'read: NONE FREE_TEXT',
    );
    expect(
      powers(caller('information-governance', { userName: 'blocked@provider' }), mine),
    ).not.toHaveProperty('ConflictBlock');
  });
});

describe('an opening in an emergency', () => {
  it('is seen by who made it, without words, known or not, blocked or not', () => {
    const opener = caller('case-worker', { userName: 'opener@provider' });
    for (const personId of ['person', null]) {
      for (const blockedPersonIds of [[], ['person']]) {
        const ability = abilityOf(rulesFor(opener, { ...NO_FACTS, blockedPersonIds }));
        const row = subject('BreakGlass', { openedBy: 'opener@provider', personId });
        expect(ALL_CLASSES.filter((privacy) => ability.can('read', row, privacy))).toEqual(['NONE']);
      }
    }
  });
});

describe('a conflict of interest', () => {
  const everyGrant: Partial<Facts> = {
    brokenGlass: [{ caseId: 'case-1', personId: 'person' }],
    shared: [{ caseId: 'case-1', personId: 'person', scope: 'FULL' }],
  };
  const roles = [
    'case-worker',
    'service-manager',
    'group-facilitator',
    'partner-professional',
    'health-navigator',
    'information-governance',
  ];
  const mineInAll = { facilitator: 'someone@provider', owner: 'someone@provider' };

  it.each(['person', 'alleged'])('with the %s of a case takes all of it, whatever was granted', (person) => {
    const facts = { ...everyGrant, blockedPersonIds: ['nobody', person] };
    const left = powers(caller(roles), mine, { facts, ...mineInAll });
    const { Group: _, BreakGlass: opening, ...concerning } = left;
    expect(concerning).toEqual({});
    if (person === 'person') expect(opening).toBe('open: ');
  });

  it('with somebody else takes nothing', () => {
    const facts = { ...everyGrant, blockedPersonIds: ['nobody'] };
    expect(powers(caller(roles), mine, { facts, ...mineInAll })).toEqual(
      powers(caller(roles), mine, { facts: everyGrant, ...mineInAll }),
    );
  });

  it('is a condition of lists too', () => {
    const facts = { ...NO_FACTS, blockedPersonIds: ['person'] };
    const ability = abilityOf(rulesFor(caller('service-manager'), facts));
    const blocked = { OR: [{ personId: { in: ['person'] } }, { concerns: { hasSome: ['person'] } }] };
    expect(accessibleBy(ability, 'read').ofType('Case')).toEqual({
      OR: [{ AND: [{ organisation: 'provider' }, { NOT: blocked }] }],
    });
  });
});

describe('nothing', () => {
  it.each([
    'referrer',
    'partner-system',
    'intake-worker',
    'accommodation-worker',
    'volunteer-coordinator',
    'volunteer',
    'marac-coordinator',
    'marac-representative',
    'programme-facilitator',
    'programme-manager',
    'partner-support-worker',
    'commissioner',
    'platform-operator',
    'constructor',
  ])('is what %s may here', (role) => {
    expect(powers(caller(role), mine, { facilitator: 'someone@provider' })).toEqual(NOTHING);
  });

  it('is what an empty grant lists', () => {
    for (const who of [caller([]), caller('commissioner'), caller('case-worker', { userName: '' })]) {
      const ability = abilityOf(rulesFor(who, NO_FACTS));
      expect(ability.rules).toEqual([]);
      expect(accessibleBy(ability, 'read').ofType('Case')).toEqual({ OR: [] });
    }
    const ability = abilityOf(rulesFor(caller('partner-professional'), NO_FACTS));
    expect(accessibleBy(ability, 'read').ofType('Case')).toEqual({ OR: [{ id: { in: [] } }] });
  });
});

describe('a service', () => {
  const service = (name: string) =>
    caller(`service:${name}`, { kind: 'service', userName: '', organisationKind: '' });

  it('health-access reads what a plan needs of a case shared for health with its navigator, for nobody else', () => {
    const navigator = caller('health-navigator', { organisation: 'ccg', organisationKind: 'ccg' });
    const asking = (actingFor?: Caller) => ({ ...service('health-access'), ...(actingFor && { actingFor }) });
    const shared = (scope: 'SUMMARY' | 'HEALTH' | 'FULL', change: Partial<Facts> = {}) => ({
      facts: { shared: [{ caseId: 'case-1', personId: 'person', scope }], ...change },
    });
    for (const scope of ['HEALTH', 'FULL'] as const) {
      expect(powers(asking(navigator), others, shared(scope))).toEqual({
        CaseForHealth: 'read: NONE PERSONAL',
      });
    }
    expect(powers(asking(navigator), others, shared('SUMMARY'))).toEqual(NOTHING);
    expect(powers(asking(navigator), others)).toEqual(NOTHING);
    expect(powers(asking(), others, shared('FULL'))).toEqual(NOTHING);
    expect(powers(asking(caller('case-worker')), mine, shared('FULL'))).toEqual(NOTHING);
    expect(powers(asking(navigator), others, shared('FULL', { blockedPersonIds: ['alleged'] }))).toEqual(
      NOTHING,
    );
  });

  it.each(['risk', 'referral', 'outcomes', 'perpetrator-programme', 'gateway'])(
    '%s reads no record',
    (name) => {
      expect(powers(service(name), mine)).toEqual(NOTHING);
    },
  );
});
