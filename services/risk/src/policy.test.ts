import { subject } from '@casl/ability';
import { ALL_CLASSES, abilityOf, type Caller } from '@midas/kit';
import { CallerFacts, RelationKind, ShareScope } from '@midas/proto/case/v1/access';
import { describe, expect, it } from 'vitest';
import { factsMatter, type RiskFacts, rulesFor } from './policy.ts';

const caller = (role: string, organisation = 'provider'): Caller => ({
  kind: role.startsWith('service:') ? 'service' : 'user',
  subject: 'me',
  userName: `${role}@${organisation}`,
  client: 'midas-web',
  organisation,
  organisationKind: organisation,
  roles: [role],
  teams: [],
  purpose: '',
  via: 'gateway',
});

const facts = (known: Partial<RiskFacts> = {}): RiskFacts => ({
  ...CallerFacts.fromPartial({}),
  listedPersonIds: [],
  ...known,
});
const to = (personId: string, kind: RelationKind, scope: ShareScope = ShareScope.UNSPECIFIED) =>
  facts({ relations: [{ kind, personId, caseId: 'c', scope }] });

const rows = {
  Assessment: {
    organisation: 'provider',
    recordedBy: 'another',
    personId: 'ada',
    perpetratorPersonIds: ['tom'],
  },
  MaracReferral: {
    organisation: 'provider',
    recordedBy: 'another',
    victimPersonId: 'ada',
    perpetratorPersonIds: ['tom'],
  },
} as const;
type Kind = keyof typeof rows;
const actions: Readonly<Record<Kind, readonly string[]>> = {
  Assessment: ['read', 'see-basis', 'assess'],
  MaracReferral: ['read', 'see-minutes', 'refer', 'hear'],
};

/** What a caller may do to a record about Ada and Tom, and which privacy classes of it he or she sees. */
function powers(kind: Kind, who: Caller, known: RiskFacts = facts(), changes: object = {}): string {
  const ability = abilityOf(rulesFor(who, known));
  const row = () => subject(kind, { ...rows[kind], ...changes });
  const may = actions[kind].filter((action) => ability.can(action, row()));
  const sees = ALL_CLASSES.filter((privacy) => ability.can('read', row(), privacy));
  return [...may, ...sees].join(' ');
}

const full = 'NONE PERSONAL SPECIAL_CATEGORY FREE_TEXT';
const everything = ALL_CLASSES.join(' ');
const mine = { recordedBy: 'me' };
const worker = caller('case-worker');

describe('a case-worker', () => {
  it.each([RelationKind.ASSIGNED, RelationKind.BREAK_GLASS])('sees all of a person by %s', (kind) => {
    expect(powers('Assessment', worker, to('ada', kind))).toBe(`read see-basis assess ${everything}`);
    expect(powers('MaracReferral', worker, to('ada', kind))).toBe(`read refer ${everything}`);
    expect(powers('Assessment', worker, to('eve', kind))).toBe('assess');
    expect(powers('MaracReferral', worker, to('eve', kind))).toBe('refer');
  });

  it('sees the team’s without answers, words and addresses', () => {
    expect(powers('Assessment', worker, to('ada', RelationKind.TEAM))).toBe(
      'read see-basis assess NONE PERSONAL',
    );
    expect(powers('MaracReferral', worker, to('ada', RelationKind.TEAM))).toBe('read refer NONE PERSONAL');
  });

  it('sees what he or she recorded until it is known whom it is about, and is shared nothing', () => {
    const justNow = { ...mine, personId: null, victimPersonId: null };
    expect(powers('Assessment', worker, facts(), justNow)).toBe(`read see-basis assess ${full}`);
    expect(powers('MaracReferral', worker, facts(), justNow)).toBe(`read refer ${full}`);
    expect(powers('Assessment', worker, facts(), mine)).toBe('assess');
    expect(powers('MaracReferral', worker, facts(), mine)).toBe('refer');
    expect(powers('Assessment', worker, to('ada', RelationKind.SHARED, ShareScope.FULL))).toBe('assess');
  });
});

describe('the other roles', () => {
  it('intake assesses and sees what he or she recorded, nothing of MARAC', () => {
    const intake = caller('intake-worker');
    expect(powers('Assessment', intake, facts(), mine)).toBe(`read see-basis assess ${full}`);
    expect(powers('Assessment', intake, to('ada', RelationKind.ASSIGNED))).toBe('assess');
    expect(powers('MaracReferral', intake, facts(), mine)).toBe('');
  });

  it('a service manager sees levels of the provider’s records, neither answers nor words', () => {
    const manager = caller('service-manager');
    expect(powers('Assessment', manager)).toBe('read see-basis NONE PERSONAL');
    expect(powers('MaracReferral', manager)).toBe('read NONE PERSONAL');
    expect(powers('Assessment', manager, facts(), { organisation: 'police' })).toBe('');
  });

  it('a MARAC coordinator hears every referral and reads the assessments of whoever was referred', () => {
    const coordinator = caller('marac-coordinator', 'council');
    expect(powers('MaracReferral', coordinator)).toBe(`read see-minutes hear ${full}`);
    expect(powers('Assessment', coordinator)).toBe('');
    const listed = facts({ listedPersonIds: ['ada'] });
    expect(powers('Assessment', coordinator, listed)).toBe(`read see-basis ${full}`);
    expect(powers('Assessment', worker, listed)).toBe('assess');
  });

  it('a MARAC representative sees in full what he or she sent, of colleagues’ whom it is about', () => {
    const police = caller('marac-representative', 'police');
    const ofPolice = { organisation: 'police' };
    expect(powers('MaracReferral', police, facts(), { ...ofPolice, ...mine })).toBe(`read refer ${full}`);
    expect(powers('MaracReferral', police, facts(), ofPolice)).toBe('read refer NONE PERSONAL');
    expect(powers('MaracReferral', police)).toBe('refer');
    expect(powers('Assessment', police, facts(), { ...ofPolice, ...mine })).toBe('');
  });

  it.each([
    ['partner-professional', ShareScope.SUMMARY, 'read NONE'],
    ['partner-professional', ShareScope.HEALTH, 'read NONE'],
    ['partner-professional', ShareScope.FULL, `read see-basis ${full}`],
    ['health-navigator', ShareScope.SUMMARY, ''],
    ['health-navigator', ShareScope.HEALTH, 'read NONE'],
    ['health-navigator', ShareScope.FULL, 'read NONE'],
  ])('%s with scope %s may %s', (role, scope, wanted) => {
    const known = to('ada', RelationKind.SHARED, scope);
    expect(powers('Assessment', caller(role, 'housing'), known)).toBe(wanted);
    expect(powers('MaracReferral', caller(role, 'housing'), known)).toBe('');
    expect(powers('Assessment', caller(role, 'housing'))).toBe('');
  });

  it.each(['intake-worker', 'case-worker', 'marac-representative'])(
    'what a %s recorded stays with the organisation for which it was recorded',
    (role) => {
      const movedOn = caller(role, 'elsewhere');
      expect(powers('Assessment', movedOn, facts(), mine)).not.toContain('read');
      expect(powers('MaracReferral', movedOn, facts(), mine)).not.toContain('read');
    },
  );

  it('services and users without an organisation may do nothing', () => {
    expect(rulesFor(caller('service:case', ''), facts())).toEqual([]);
    expect(rulesFor({ ...worker, organisation: '' }, facts())).toEqual([]);
  });
});

describe('a conflict of interest', () => {
  const grants: readonly (readonly [string, Caller, RiskFacts, object])[] = [
    ['what is assigned', worker, to('ada', RelationKind.ASSIGNED), {}],
    ['what was opened in an emergency', worker, to('ada', RelationKind.BREAK_GLASS), {}],
    ['what was recorded', caller('intake-worker'), facts(), mine],
    ['the provider’s', caller('service-manager'), facts(), {}],
    ['what MARAC lists', caller('marac-coordinator', 'council'), facts({ listedPersonIds: ['ada'] }), {}],
    [
      'what is shared',
      caller('partner-professional', 'housing'),
      to('ada', RelationKind.SHARED, ShareScope.FULL),
      {},
    ],
  ];
  const creations = /^(assess|refer)?$/;

  it.each(grants)('with the victim or a perpetrator takes away %s', (_, who, known, changes) => {
    expect(powers('Assessment', who, known, changes)).toMatch(/^read/);
    for (const person of ['ada', 'tom']) {
      const blocked = { ...known, blockedPersonIds: [person] };
      expect(powers('Assessment', who, blocked, changes)).toMatch(creations);
      expect(powers('MaracReferral', who, blocked, changes)).toMatch(creations);
    }
    const elsewhere = { ...known, blockedPersonIds: ['eve'] };
    expect(powers('Assessment', who, elsewhere, changes)).toBe(powers('Assessment', who, known, changes));
  });

  it('with anyone takes away what nobody is identified in yet', () => {
    const unidentified = { ...mine, personId: null, victimPersonId: null, perpetratorPersonIds: [] };
    expect(powers('Assessment', worker, facts(), unidentified)).toBe(`read see-basis assess ${full}`);
    const blocked = facts({ blockedPersonIds: ['eve'] });
    expect(powers('Assessment', worker, blocked, unidentified)).toBe('assess');
    expect(powers('MaracReferral', worker, blocked, unidentified)).toBe('refer');
  });

  it('is asked after for what is there, not for what is being recorded', () => {
    const asked = (action: string) => ({ kind: 'permission', action, subject: 'Assessment' }) as const;
    expect(['read', 'hear', 'assess', 'refer'].map((action) => factsMatter(worker, asked(action)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(factsMatter(caller('referrer', 'police'), asked('read'))).toBe(false);
  });
});
