import { DomainError } from '@midas/kit/rules';
import { Particulars } from '@midas/proto/common/v1/people';
import { describe, expect, it } from 'vitest';
import { enrol, recordSession } from '../participant/participant.ts';
import { erase, keptSince, liftHold, placeHold } from './keeping.ts';

const now = new Date('2026-02-28T12:00:00Z');
const enrolled = enrol(
  {
    id: 'a',
    route: 'PROBATION',
    participant: Particulars.fromPartial({ familyName: 'Synthetic' }),
    partner: Particulars.fromPartial({ familyName: 'Invented' }),
    facilitator: 'f',
    enrolledAt: new Date('2018-01-02T09:00:00Z'),
  },
  now,
);
const refused = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error.slug;
    throw error;
  }
  return undefined;
};
const onRequest = { ground: 'REQUEST_OF_PARTICIPANT', isDue: false } as const;

describe('a hold', () => {
  it('keeps a record from erasure until it is lifted', () => {
    const held = placeHold(enrolled);
    expect(refused(() => erase(held, onRequest, now))).toBe('participant-held');
    expect(refused(() => erase(liftHold(held), onRequest, now))).toBeUndefined();
  });

  it('is placed once and lifted once', () => {
    expect(refused(() => placeHold(placeHold(enrolled)))).toBe('already-held');
    expect(refused(() => liftHold(enrolled))).toBe('not-held');
  });
});

describe('an erasure', () => {
  it('leaves counts and times, and nothing that tells of anybody', () => {
    const attended = recordSession(enrolled, { heldAt: enrolled.enrolledAt, attended: true }, now);
    const erased = erase(attended, onRequest, now);
    expect(erased).toEqual({ ...attended, participant: null, partner: null, erasedAt: now });
    expect(JSON.stringify(erased)).not.toMatch(/Synthetic|Invented/);
  });

  it('by the retention rule waits for the rule', () => {
    const ground = 'RETENTION_ENDED' as const;
    expect(refused(() => erase(enrolled, { ground, isDue: false }, now))).toBe('still-retained');
    expect(refused(() => erase(enrolled, { ground, isDue: true }, now))).toBeUndefined();
  });

  it('is the end: nothing is recorded, held or erased afterwards', () => {
    const erased = erase(enrolled, onRequest, now);
    const session = { heldAt: now, attended: true };
    for (const work of [placeHold, liftHold] as const)
      expect(refused(() => work(erased))).toBe('participant-erased');
    expect(refused(() => erase(erased, onRequest, now))).toBe('participant-erased');
    expect(refused(() => recordSession(erased, session, now))).toBe('participant-erased');
  });
});

it('a record is kept for whole years after what happened last', () => {
  expect(keptSince(now, 7).toISOString()).toBe('2019-02-28T00:00:00.000Z');
  expect(keptSince(new Date('2024-02-29T12:00:00Z'), 1).toISOString()).toBe('2023-02-28T00:00:00.000Z');
});
