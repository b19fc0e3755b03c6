import { DomainError } from '@midas/kit/rules';
import { HearMaracReferralRequest, NamedIncident, ReferToMaracRequest } from '@midas/proto/risk/v1/risk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asReferred,
  changedFindings,
  hear,
  identified,
  type MaracReferral,
  referToMarac,
  requireSameSending,
} from './marac.ts';

const now = new Date('2018-05-01T12:00:00Z');
const named = (occurredAt: string) =>
  NamedIncident.fromPartial({ occurredAt: new Date(occurredAt), criminal: true });

const refer = (sent: Partial<ReferToMaracRequest> = {}, id = 'a'): MaracReferral =>
  referToMarac({
    id,
    organisation: 'police',
    recordedBy: 'representative',
    sent: { ...ReferToMaracRequest.fromPartial({}), incident: named('2018-04-30T10:00:00Z'), ...sent },
    now,
  });

function slugOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error.slug;
    throw error;
  }
  return 'none';
}

describe('a MARAC referral', () => {
  it('is made now unless the sender says when, and has no finding yet', () => {
    expect(refer()).toMatchObject({ status: 'REFERRED', version: 1, referredAt: now, repeat: null });
    const referredAt = new Date('2018-04-30T11:00:00Z');
    expect(refer({ referredAt }).referredAt).toEqual(referredAt);
  });

  it('has both halves of its source reference or neither', () => {
    expect(slugOf(() => refer({ sourceSystem: 'athena' }))).toBe('source-reference-incomplete');
    expect(slugOf(() => refer({ sourceReference: '1' }))).toBe('source-reference-incomplete');
    expect(slugOf(() => refer({ sourceSystem: 'athena', sourceReference: '1' }))).toBe('none');
  });

  it('names no incident of a later day in Medway', () => {
    const at = (referred: string, occurred: string) =>
      slugOf(() => refer({ referredAt: new Date(referred), incident: named(occurred) }));
    expect(at('2018-04-10T00:00:00Z', '2018-04-10T15:00:00Z')).toBe('none');
    expect(at('2018-04-10T22:59:00Z', '2018-04-10T23:00:00Z')).toBe('incident-after-referral');
  });

  it('sent twice is the same only with the same content and by the same person', () => {
    const slug = (repeated: MaracReferral) => slugOf(() => requireSameSending(refer({}, 'a'), repeated));
    expect(slug(refer({}, 'b'))).toBe('none');
    expect(slug(refer({ reason: 'other' }))).toBe('source-reference-reused');
    expect(slug({ ...refer(), recordedBy: 'colleague' })).toBe('source-reference-reused');
  });

  it('is answered to its sender again as it was, whatever the meeting noted since', () => {
    const heard = hear(
      { ...refer(), repeat: true },
      HearMaracReferralRequest.fromPartial({ minutes: 'Noted.' }),
      now,
    );
    expect(asReferred(heard)).toEqual(refer());
  });
});

describe('hearing a referral', () => {
  it('happens once, and never before the referral', () => {
    const instant = fc.date({ noInvalidDate: true });
    fc.assert(
      fc.property(
        fc.constantFrom('REFERRED' as const, 'HEARD' as const),
        instant,
        fc.option(instant, { nil: undefined }),
        (status, referredAt, heardAt) => {
          const request = HearMaracReferralRequest.fromPartial({ heardAt });
          const slug = slugOf(() => hear({ ...refer(), status, referredAt }, request, now));
          if (status === 'HEARD') expect(slug).toBe('marac-already-heard');
          else expect(slug).toBe((heardAt ?? now) < referredAt ? 'heard-before-referral' : 'none');
        },
      ),
    );
  });

  it('keeps when, what was noted and one version more', () => {
    const heard = hear(refer(), HearMaracReferralRequest.fromPartial({ minutes: 'actions agreed' }), now);
    expect(heard).toMatchObject({ status: 'HEARD', heardAt: now, minutes: 'actions agreed', version: 2 });
  });
});

describe('findings of one victim', () => {
  const rule = { windowMonths: 12, wording: 'any-abuse' as const };
  const first = identified(
    refer({ referredAt: new Date('2018-03-01T12:00:00Z'), incident: named('2018-02-28T12:00:00Z') }, 'a'),
    ['victim', 'perpetrator'],
  );
  const second = identified(refer({}, 'b'), ['victim', 'perpetrator']);

  it('are all new the first time, each one version on', () => {
    expect(
      changedFindings([second, first], rule).map(({ id, repeat, version }) => ({ id, repeat, version })),
    ).toEqual([
      { id: 'b', repeat: true, version: 2 },
      { id: 'a', repeat: false, version: 2 },
    ]);
  });

  it('do not change when made again, and do under another window or wording', () => {
    const found = changedFindings([first, second], rule);
    expect(changedFindings(found, rule)).toEqual([]);
    const narrow = changedFindings(found, { ...rule, windowMonths: 1 });
    expect(narrow.map(({ repeat, repeatWindowMonths }) => [repeat, repeatWindowMonths])).toEqual([
      [false, 1],
      [false, 1],
    ]);
    expect(changedFindings(found, { ...rule, wording: 'criminal-act' })).toHaveLength(2);
  });

  it('change for a later referral when an earlier one is recorded late', () => {
    const alone = changedFindings([second], rule);
    expect(alone.map(({ repeat }) => repeat)).toEqual([false]);
    const both = changedFindings([...alone, first], rule);
    expect(both.map(({ id, repeat, version }) => ({ id, repeat, version }))).toEqual([
      { id: 'b', repeat: true, version: 3 },
      { id: 'a', repeat: false, version: 2 },
    ]);
  });
});
