import { SubmitReferralRequest } from '@midas/proto/referral/v1/referral';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptReferral, type Referral, rejectReferral, submitReferral } from './referral.ts';

const now = new Date('2017-05-02T12:00:00Z');
const instant = fc.date({ min: new Date('2016-01-01'), max: now, noInvalidDate: true });
const text = fc.constantFrom('', 'athena');

const submit = (sent: Partial<SubmitReferralRequest> = {}) =>
  submitReferral({
    id: '018f0000-0000-7000-8000-000000000001',
    organisation: 'police',
    kind: 'POLICE',
    support: 'IDVA',
    sent: SubmitReferralRequest.fromPartial(sent),
    now,
  });

type Decision = { readonly to: 'ACCEPTED' | 'REJECTED'; readonly occurredAt: Date | undefined };

const decide = (referral: Referral, { to, occurredAt }: Decision): Referral =>
  to === 'ACCEPTED'
    ? acceptReferral(referral, 'provider', { occurredAt, now })
    : rejectReferral(referral, { reason: 'OUT_OF_AREA', note: null }, { occurredAt, now });

const decision: fc.Arbitrary<Decision> = fc.record({
  to: fc.constantFrom('ACCEPTED', 'REJECTED'),
  occurredAt: fc.option(instant, { nil: undefined }),
});

describe('submitting a referral', () => {
  test('waits for triage, referred now unless it says when', () => {
    expect(submit()).toMatchObject({
      status: 'SUBMITTED',
      referredAt: now,
      recordedAt: now,
      decidedAt: null,
      version: 1,
    });
    const referredAt = new Date('2017-04-30T09:00:00Z');
    expect(submit({ referredAt })).toMatchObject({ referredAt, recordedAt: now });
  });

  test('takes source system and reference together or not at all', () => {
    fc.assert(
      fc.property(text, text, (sourceSystem, sourceReference) => {
        const attempt = () => submit({ sourceSystem, sourceReference });
        if ((sourceSystem === '') === (sourceReference === ''))
          expect(attempt()).toMatchObject({
            sourceSystem: sourceSystem || null,
            sourceReference: sourceReference || null,
          });
        else expect(attempt).toThrow(expect.objectContaining({ slug: 'source-reference-incomplete' }));
      }),
    );
  });
});

describe('triage', () => {
  test('keeps the reason and the note of a rejection', () => {
    const rejected = rejectReferral(
      submit(),
      { reason: 'DUPLICATE', note: 'See the other.' },
      { occurredAt: undefined, now },
    );
    expect(rejected).toMatchObject({
      status: 'REJECTED',
      decidedAt: now,
      rejectionReason: 'DUPLICATE',
      rejectionNote: 'See the other.',
      version: 2,
    });
  });

  test('decides once, never before the referral was made, whatever is tried', () => {
    fc.assert(
      fc.property(instant, fc.array(decision, { maxLength: 8 }), (referredAt, decisions) => {
        const submitted = submit({ referredAt });
        let referral = submitted;
        for (const attempt of decisions) {
          const decidedAt = attempt.occurredAt ?? now;
          if (referral.status !== 'SUBMITTED') {
            const slug = `referral-already-${referral.status.toLowerCase()}`;
            expect(() => decide(referral, attempt)).toThrow(
              expect.objectContaining({ kind: 'conflict', slug }),
            );
          } else if (decidedAt < referredAt) {
            const refused = expect.objectContaining({ kind: 'invalid', slug: 'decided-before-referred' });
            expect(() => decide(referral, attempt)).toThrow(refused);
          } else {
            referral = decide(referral, attempt);
            expect(referral).toMatchObject({
              status: attempt.to,
              decidedAt,
              version: 2,
              sent: submitted.sent,
            });
          }
        }
        expect(referral.version).toBe(referral.status === 'SUBMITTED' ? 1 : 2);
      }),
    );
  });
});
