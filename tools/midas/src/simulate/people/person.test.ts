import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDigit, nhsNumbers } from './nhs-number.ts';
import { victimParticulars } from './particulars.ts';
import { type Person, people } from './person.ts';

const take = <T>(count: number, from: Iterator<T, never>): T[] =>
  Array.from({ length: count }, () => from.next().value);

const first = (seed: number, count: number): Person[] => {
  const { survivor, perpetrator } = people(seed);
  return Array.from({ length: count }, (_, index) => (index % 3 === 0 ? perpetrator() : survivor()));
};

describe('NHS numbers', () => {
  it('carry the check digit of the standard’s examples', () => {
    expect(checkDigit('943476591')).toBe(9);
    expect(checkDigit('401023213')).toBe(7);
    expect(checkDigit('485777345')).not.toBe(6);
  });

  it('are valid, from the test range, and never twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 }), (offset) => {
        const numbers = take(2000, nhsNumbers(offset));
        expect(new Set(numbers).size).toBe(2000);
        for (const number of numbers) {
          expect(number).toMatch(/^999\d{7}$/);
          const digits = [...number].map(Number);
          const sum = digits.slice(0, 9).reduce((total, digit, index) => total + digit * (10 - index), 0);
          expect((11 - (sum % 11)) % 11).toBe(digits[9]);
        }
      }),
      { numRuns: 5 },
    );
  });

  it('last for more people than any year holds', () => {
    expect(new Set(take(800_000, nhsNumbers(0))).size).toBe(800_000);
  });
});

describe('invented people', () => {
  it('are told apart by NHS number and by name and birth date', () => {
    const all = first(3, 20_000);
    const named = (one: Person): string =>
      `${one.givenName}${one.familyName}`.toLowerCase().replace(/[^a-z]/g, '') + one.birthDate;
    expect(new Set(all.map((one) => one.nhsNumber)).size).toBe(all.length);
    expect(new Set(all.map(named)).size).toBe(all.length);
  });

  it('are the same for the same seed and others for another', () => {
    expect(first(1, 50)).toEqual(first(1, 50));
    expect(first(1, 50)).not.toEqual(first(2, 50));
  });

  it('live in Medway, answer drama numbers and were adults or nearly so', () => {
    for (const one of first(9, 2000)) {
      expect(one.postcode).toMatch(/^ME[1-578] [0-9][ABD-HJLNP-UW-Z]{2}$/);
      expect(one.phone).toMatch(/^\+44(7700900|1632960)\d{3}$/);
      expect(one.birthDate >= '1945-01-01' && one.birthDate < '2000-01-01').toBe(true);
    }
  });
});

describe('particulars', () => {
  it('of one person, from any two senders, share a number or a name and birth date', () => {
    const senders = ['police', 'victim-support', 'health', 'other'] as const;
    const keys = (particulars: unknown): string[] => {
      const { nhs_number, given_name, family_name, birth_date } = particulars as Record<
        string,
        string | undefined
      >;
      return [nhs_number, birth_date && `${given_name} ${family_name} ${birth_date}`.toLowerCase()].filter(
        (key) => key !== undefined && key !== '',
      ) as string[];
    };
    const omitted = { number: 0, birthDate: 0 };
    for (const person of first(5, 500)) {
      const sent = senders.map((sender) => keys(victimParticulars(person, sender)));
      for (const a of sent) for (const b of sent) expect(a.some((key) => b.includes(key))).toBe(true);
      if (sent.some((one) => !one.includes(person.nhsNumber))) omitted.number += 1;
      if (sent.some((one) => one.length === 1 && one.includes(person.nhsNumber))) omitted.birthDate += 1;
    }
    expect(omitted.number).toBeGreaterThan(50);
    expect(omitted.birthDate).toBeGreaterThan(50);
  });
});
