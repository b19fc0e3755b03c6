import {
  MakeHealthReferralRequest,
  RecordHealthNeedRequest,
} from '@midas/proto/health_access/v1/health_access';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attendReferral, findNeed, makeReferral, openPlan } from './plan.ts';

const now = new Date('2017-09-01T12:00:00Z');
const instant = fc.date({ min: new Date('2017-01-01'), max: now, noInvalidDate: true });
const when = fc.option(instant, { nil: undefined });

const facts = { caseId: 'case-1', personId: 'person-1', team: 'team-a', person: { nhsNumber: '9434765919' } };
const plan = openPlan('plan-1', facts, 'health-navigator@ccg', { at: undefined, now });
const need = (foundAt?: Date) =>
  findNeed('need-1', plan, RecordHealthNeedRequest.fromPartial({ foundAt }), now);
const referral = (referredAt: Date | undefined, foundAt: Date) =>
  makeReferral('referral-1', plan, need(foundAt), MakeHealthReferralRequest.fromPartial({ referredAt }), now);
const longAgo = new Date('2017-01-01T00:00:00Z');

describe('a health plan', () => {
  test('takes person, team and NHS number from the case and belongs to who opened it', () => {
    expect(plan).toMatchObject({
      caseId: 'case-1',
      personId: 'person-1',
      teamId: 'team-a',
      nhsNumber: '9434765919',
      navigator: 'health-navigator@ccg',
      openedAt: now,
    });
  });

  test('opens for a case without team and a person without NHS number', () => {
    const bare = openPlan('plan-2', { ...facts, team: '', person: undefined }, 'n', { at: longAgo, now });
    expect(bare).toMatchObject({ teamId: null, nhsNumber: null, openedAt: longAgo, recordedAt: now });
  });
});

describe('a health referral', () => {
  test.each([
    ['unknown', null],
    ['of another plan', { ...need(), planId: 'plan-2' }],
  ])('is refused alike for a need %s', (_, other) => {
    const attempt = () =>
      makeReferral('referral-1', plan, other, MakeHealthReferralRequest.fromPartial({}), now);
    expect(attempt).toThrow(expect.objectContaining({ kind: 'invalid', slug: 'health-need-unknown' }));
  });

  test('is never made before its need was found', () => {
    fc.assert(
      fc.property(instant, when, (foundAt, at) => {
        const attempt = () => referral(at, foundAt);
        if ((at ?? now) >= foundAt)
          expect(attempt()).toMatchObject({ status: 'MADE', referredAt: at ?? now, version: 1 });
        else expect(attempt).toThrow(expect.objectContaining({ slug: 'referred-before-found' }));
      }),
    );
  });

  test('is attended once, never before it was made, whatever is tried', () => {
    fc.assert(
      fc.property(instant, fc.array(when, { maxLength: 6 }), (referredAt, attempts) => {
        let current = referral(referredAt, longAgo);
        for (const at of attempts) {
          const attempt = () => attendReferral(current, { at, now });
          if (current.status === 'ATTENDED')
            expect(attempt).toThrow(
              expect.objectContaining({ kind: 'conflict', slug: 'health-referral-already-attended' }),
            );
          else if ((at ?? now) < referredAt)
            expect(attempt).toThrow(expect.objectContaining({ slug: 'attended-before-referred' }));
          else {
            current = attempt();
            expect(current).toMatchObject({ status: 'ATTENDED', attendedAt: at ?? now, version: 2 });
          }
        }
      }),
    );
  });
});
