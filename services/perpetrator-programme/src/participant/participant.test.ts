import { DomainError } from '@midas/kit/rules';
import { Particulars } from '@midas/proto/common/v1/people';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enrol, type ParticipantState, raiseSignal, recordSession } from './participant.ts';

const day = (n: number): Date => new Date(Date.UTC(2018, 0, 1) + n * 86_400_000);
const now = day(100);
const enrolment = {
  id: 'a',
  route: 'PROBATION',
  participant: Particulars.fromPartial({ familyName: 'Synthetic' }),
  partner: Particulars.fromPartial({ familyName: 'Invented' }),
  facilitator: 'f',
} as const;
const enrolled = enrol({ ...enrolment, enrolledAt: day(10) }, now);

const refused = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error.violations[0]?.field;
    throw error;
  }
  return undefined;
};

describe('a participant', () => {
  it('is enrolled with what they said of the partner', () => {
    expect(enrolled).toMatchObject({
      partner: enrolment.partner,
      version: 1,
      sessionsAttended: 0,
      sessionsMissed: 0,
    });
  });

  it('is not enrolled in the future', () => {
    expect(refused(() => enrol({ ...enrolment, enrolledAt: day(101) }, now))).toBe('occurred_at');
  });

  it('counts sessions and versions, one by one, whatever comes', () => {
    const step = fc.oneof(fc.constant('attended'), fc.constant('missed'), fc.constant('signal'));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const end = steps.reduce<ParticipantState>(
          (state, next) =>
            next === 'signal'
              ? raiseSignal(state, day(20), now)
              : recordSession(state, { heldAt: day(20), attended: next === 'attended' }, now),
          enrolled,
        );
        expect(end.version).toBe(1 + steps.length);
        expect(end.sessionsAttended).toBe(steps.filter((next) => next === 'attended').length);
        expect(end.sessionsMissed).toBe(steps.filter((next) => next === 'missed').length);
      }),
    );
  });

  it('has nothing before enrolment and nothing in the future', () => {
    fc.assert(
      fc.property(fc.integer({ min: -50, max: 150 }), fc.boolean(), (n, attended) => {
        const possible = n >= 10 && n <= 100;
        expect(refused(() => recordSession(enrolled, { heldAt: day(n), attended }, now))).toBe(
          possible ? undefined : 'held_at',
        );
        expect(refused(() => raiseSignal(enrolled, day(n), now))).toBe(possible ? undefined : 'occurred_at');
      }),
    );
  });
});
