import { DomainError } from '@midas/kit/rules';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { participantKeys, searchedKeys } from './identity.ts';

const nobody = { nhsNumber: '', familyName: '', birthDate: '' };

describe('a participant', () => {
  it('is found by NHS number, and by family name with birth date however the name is written', () => {
    const named = { ...nobody, familyName: "O'Brien", birthDate: '1980-05-06' };
    expect(participantKeys({ ...named, nhsNumber: '9434765919' })).toEqual([
      { kind: 'NHS_NUMBER', value: '9434765919' },
      { kind: 'FAMILY_NAME_AND_BIRTH_DATE', value: 'obrien|1980-05-06' },
    ]);
    expect(participantKeys({ ...named, familyName: 'o’ BRIEN' })).toEqual(participantKeys(named));
  });

  it('is not found by a name or a birth date alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('', '1980-05-06'), (familyName, birthDate) => {
        const sought = birthDate === '' ? { ...nobody, familyName } : { ...nobody, birthDate };
        expect(participantKeys(sought)).toEqual([]);
        expect(() => searchedKeys(sought)).toThrow(DomainError);
      }),
    );
  });
});
