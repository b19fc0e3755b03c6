import { createHmac } from 'node:crypto';
import { GroupProgramme } from '@midas/proto/case/v1/case';
import { RiskLevel } from '@midas/proto/common/v1/risk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activityFact, assessmentFact, attendanceFact, type Fact, maracRepeatFact } from './fact.ts';

const pseudonym = (purpose: string, value: string) =>
  new Uint8Array(createHmac('sha256', purpose).update(value).digest());

const ids = fc.constantFrom('1', '2', '3');
const at = fc.date({ noInvalidDate: true });
const facts: fc.Arbitrary<Fact> = fc.nat(5).chain((version) =>
  fc.oneof(
    fc
      .tuple(ids, ids, fc.constantFrom(RiskLevel.HIGH, RiskLevel.STANDARD), at)
      .map(([assessmentId, incidentId, level, occurredAt]) =>
        assessmentFact(
          { assessmentId, incidentId, level, occurredAt, instrument: 'dash-24', organisation: 'x' },
          version,
        ),
      ),
    fc
      .tuple(ids, fc.boolean())
      .map(([maracReferralId, repeat]) =>
        maracRepeatFact({ maracReferralId, repeat, windowMonths: 12 }, version),
      ),
    fc
      .tuple(ids, ids, at)
      .map(([sessionId, personId, heldAt]) =>
        attendanceFact(pseudonym)(
          { sessionId, personId, heldAt, programme: GroupProgramme.FREEDOM },
          version,
        ),
      ),
    fc.tuple(ids, at).map(([id, occurredAt]) => activityFact('case-opened', id, version, occurredAt)),
  ),
);

function keyOf(fact: Fact): string {
  switch (fact.of) {
    case 'assessment':
      return fact.row.assessmentId;
    case 'maracRepeat':
      return fact.row.maracReferralId;
    case 'attendance':
      return `${fact.row.sessionId}|${Buffer.from(fact.row.person).toString('hex')}`;
    case 'activity':
      return `${fact.row.activity}|${fact.row.subject}`;
    default:
      return expect.fail('a fact that this test does not make');
  }
}

/** The store's rule: of two facts with one key the higher version holds. */
function fold(heard: readonly Fact[]): Record<string, Fact> {
  const kept = new Map<string, Fact>();
  for (const fact of heard) {
    const key = `${fact.of}|${keyOf(fact)}`;
    const current = kept.get(key);
    if (current === undefined || current.row.version < fact.row.version) kept.set(key, fact);
  }
  return Object.fromEntries([...kept].toSorted(([a], [b]) => a.localeCompare(b)));
}

/** One aggregate says one thing a version: of facts with one key and version keep the first. */
function consistent(all: readonly Fact[]): Fact[] {
  const first = new Map(
    all.toReversed().map((fact) => [`${fact.of}|${keyOf(fact)}|${fact.row.version}`, fact]),
  );
  return [...first.values()];
}

describe('facts from events', () => {
  it('end up the same in any order, heard once or more', () => {
    const heard = fc.array(facts, { maxLength: 30 }).map(consistent);
    const again = heard.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
    );
    fc.assert(
      fc.property(again, ([all, shuffledAndDoubled]) => {
        expect(fold(shuffledAndDoubled)).toEqual(fold(all));
      }),
    );
  });

  it('know a person by pseudonym only', () => {
    const fact = attendanceFact(pseudonym)(
      { sessionId: 's', personId: 'who-it-is', programme: GroupProgramme.FREEDOM, heldAt: new Date() },
      1,
    );
    expect(JSON.stringify(fact)).not.toContain('who-it-is');
    expect(fact.of === 'attendance' && fact.row.person).toEqual(pseudonym('person', 'who-it-is'));
  });

  it('refuse an event without the time it is about', () => {
    expect(() => activityFact('case-opened', '1', 1, undefined)).toThrow('time');
  });
});
