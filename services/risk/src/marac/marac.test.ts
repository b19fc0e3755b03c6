import { DomainError } from '@midas/kit/rules';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heardAt, referredAt } from './marac.ts';

const now = new Date('2018-05-01T12:00:00Z');
const made = { sourceSystem: '', sourceReference: '', referredAt: undefined, incidentAt: new Date('2018-04-30T10:00:00Z') };

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
  it('is made now unless the sender says when', () => {
    expect(referredAt(made, now)).toEqual(now);
    const then = new Date('2018-04-30T11:00:00Z');
    expect(referredAt({ ...made, referredAt: then }, now)).toEqual(then);
  });

  it('has both halves of its source reference or neither', () => {
    expect(slugOf(() => referredAt({ ...made, sourceSystem: 'athena' }, now))).toBe('source-incomplete');
    expect(slugOf(() => referredAt({ ...made, sourceReference: '1' }, now))).toBe('source-incomplete');
    expect(slugOf(() => referredAt({ ...made, sourceSystem: 'athena', sourceReference: '1' }, now))).toBe('none');
  });

  it('names no incident of a later day in Medway', () => {
    const at = (referred: string, incident: string) =>
      slugOf(() => referredAt({ ...made, referredAt: new Date(referred), incidentAt: new Date(incident) }, now));
    expect(at('2018-04-10T00:00:00Z', '2018-04-10T15:00:00Z')).toBe('none');
    expect(at('2018-04-10T22:59:00Z', '2018-04-10T23:00:00Z')).toBe('incident-after-referral');
  });
});

describe('hearing a referral', () => {
  it('happens once, and never before the referral', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('REFERRED' as const, 'HEARD' as const),
        fc.date({ noInvalidDate: true }),
        fc.option(fc.date({ noInvalidDate: true }), { nil: undefined }),
        (status, referred, given) => {
          const slug = slugOf(() => heardAt({ status, referredAt: referred }, given, now));
          if (status === 'HEARD') expect(slug).toBe('marac-already-heard');
          else expect(slug).toBe((given ?? now) < referred ? 'heard-before-referral' : 'none');
        },
      ),
    );
  });
});
