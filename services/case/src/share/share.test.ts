import { DomainError } from '@midas/kit/rules';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideShare,
  endShare,
  type Granting,
  grantShare,
  type LawfulBasis,
  type ShareGrant,
  type ShareScope,
  statusOf,
  widest,
  withdrawConsent,
} from './share.ts';

const now = new Date('2018-03-02T15:00:00Z'); // a Friday
const after = (ms: number): Date => new Date(now.getTime() + ms);
const DAY = 86_400_000;
const REASON = 'There is a child at risk of harm.';

const asked = (change: Partial<Granting> = {}): Granting => ({
  id: 's',
  caseId: 'c',
  organisation: 'housing',
  purpose: 'direct-care',
  scope: 'FULL',
  lawfulBasis: 'CONSENT',
  consentGiven: true,
  overrideReason: '',
  owner: 'case-worker@provider',
  expiresAt: after(30 * DAY),
  ...change,
});
const granted = (change: Partial<Granting> = {}): ShareGrant => grantShare(asked(change), now).state;

const slugOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error.slug;
    throw error;
  }
  return 'allowed';
};

const OTHER_BASES: readonly LawfulBasis[] = [
  'SAFEGUARDING',
  'CRIME_AND_DISORDER_ACT_S115',
  'MARAC',
  'COURT_ORDER',
];

describe('granting', () => {
  it('needs consent, or on another basis a reason to do without it', () => {
    expect(slugOf(() => grantShare(asked({ consentGiven: false }), now))).toBe('share-not-possible');
    expect(slugOf(() => grantShare(asked({ consentGiven: false, overrideReason: REASON }), now))).toBe(
      'share-not-possible',
    );
    for (const lawfulBasis of OTHER_BASES) {
      const without = { lawfulBasis, consentGiven: false };
      expect(slugOf(() => grantShare(asked({ lawfulBasis }), now))).toBe('allowed');
      expect(slugOf(() => grantShare(asked({ ...without, overrideReason: REASON }), now))).toBe('allowed');
      expect(slugOf(() => grantShare(asked({ ...without, overrideReason: 'Too short' }), now))).toBe(
        'share-not-possible',
      );
      expect(slugOf(() => grantShare(asked({ ...without, overrideReason: ' '.repeat(40) }), now))).toBe(
        'share-not-possible',
      );
    }
  });

  it('reaches a year at most, and three months when nothing is said', () => {
    expect(granted({ expiresAt: undefined }).expiresAt).toEqual(new Date('2018-06-01T23:00:00Z'));
    expect(slugOf(() => granted({ expiresAt: new Date('2019-03-02T23:00:00Z') }))).toBe('allowed');
    expect(slugOf(() => granted({ expiresAt: new Date('2019-03-04T00:00:00Z') }))).toBe('share-not-possible');
    expect(slugOf(() => granted({ expiresAt: now }))).toBe('share-not-possible');
  });
});

describe('a grant', () => {
  it('is live until it ends or expires, by its times alone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 * DAY }),
        fc.option(fc.nat(300 * DAY), { nil: null }),
        fc.nat(301 * DAY),
        (expiresIn, endsIn, at) => {
          const grant = {
            expiresAt: after(expiresIn),
            endedAt: endsIn !== null && endsIn <= at ? after(endsIn) : null,
          };
          const expected = grant.endedAt !== null ? 'ENDED' : at >= expiresIn ? 'EXPIRED' : 'LIVE';
          expect(statusOf(grant, after(at))).toBe(expected);
        },
      ),
    );
  });

  it('ends once', () => {
    const { state, events } = endShare(granted(), after(DAY));
    expect(state).toMatchObject({ endedAt: after(DAY), version: 2 });
    expect(events).toEqual([{ kind: 'ended', version: 2, at: after(DAY) }]);
    expect(slugOf(() => endShare(state, after(DAY)))).toBe('share-grant-over');
    expect(slugOf(() => endShare(granted(), after(30 * DAY)))).toBe('share-grant-over');
  });
});

describe('withdrawn consent', () => {
  const withdrawal = { id: 'w', at: after(-DAY) };

  it('ends what rests on consent, at once', () => {
    const decision = withdrawConsent(granted(), withdrawal, now);
    expect(decision?.state).toMatchObject({
      endedAt: now,
      consentWithdrawnAt: withdrawal.at,
      withdrawalId: 'w',
    });
    expect(decision?.events.map(({ kind }) => kind)).toEqual(['ended']);
  });

  it('marks what rests on another basis, once, to be decided by the end of the next working day', () => {
    for (const lawfulBasis of OTHER_BASES) {
      const decision = withdrawConsent(granted({ lawfulBasis }), withdrawal, now);
      const decisionDueAt = new Date('2018-03-06T00:00:00Z'); // the end of Monday
      expect(decision?.state).toMatchObject({ endedAt: null, decisionDueAt, version: 2 });
      expect(decision?.events).toEqual([{ kind: 'marked', version: 2, at: now, decisionDueAt }]);
      if (decision !== null)
        expect(withdrawConsent(decision.state, { ...withdrawal, id: 'x' }, now)).toBeNull();
    }
  });

  it('touches nothing that is over', () => {
    expect(withdrawConsent(endShare(granted(), now).state, withdrawal, now)).toBeNull();
    expect(withdrawConsent(granted(), withdrawal, after(31 * DAY))).toBeNull();
  });
});

describe('a marked grant', () => {
  const marked = withdrawConsent(granted({ lawfulBasis: 'MARAC' }), { id: 'w', at: now }, now)?.state;
  if (marked === undefined) throw new Error('it was not marked');

  it('goes on or ends as its owner decides, once', () => {
    const kept = decideShare(marked, { keep: true, reason: REASON }, after(DAY));
    expect(kept.events).toEqual([]);
    expect(kept.state).toMatchObject({
      endedAt: null,
      decidedAt: after(DAY),
      decisionReason: REASON,
      decisionDueAt: null,
      version: 2,
    });
    expect(slugOf(() => decideShare(kept.state, { keep: false, reason: REASON }, after(DAY)))).toBe(
      'nothing-to-decide',
    );
    const ended = decideShare(marked, { keep: false, reason: REASON }, after(DAY));
    expect(ended.state).toMatchObject({ endedAt: after(DAY), decidedAt: after(DAY), version: 3 });
    expect(ended.events.map(({ kind }) => kind)).toEqual(['ended']);
  });

  it('expires as it would have, decided or not', () => {
    expect(statusOf(marked, after(30 * DAY))).toBe('EXPIRED');
    expect(slugOf(() => decideShare(marked, { keep: true, reason: REASON }, after(30 * DAY)))).toBe(
      'nothing-to-decide',
    );
  });

  it('is the only one that waits for a decision', () => {
    expect(slugOf(() => decideShare(granted(), { keep: true, reason: REASON }, now))).toBe(
      'nothing-to-decide',
    );
  });
});

describe('several grants of a case', () => {
  const grant = (scope: ShareScope, days: number) => ({ scope, expiresAt: after(days * DAY) });

  it('reach as far as the widest, and as long as that lasts', () => {
    expect(widest([])).toBeNull();
    expect(
      widest([grant('SUMMARY', 300), grant('FULL', 10), grant('HEALTH', 200), grant('FULL', 20)]),
    ).toEqual(grant('FULL', 20));
  });
});
