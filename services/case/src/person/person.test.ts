import type { Particulars } from '@midas/proto/common/v1/people';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partsOf, personKeys, resolve, type Unresolved } from './person.ts';

const particulars = (known: Partial<Particulars>): Particulars => ({
  givenName: '',
  familyName: '',
  birthDate: '',
  nhsNumber: '',
  gender: 'GENDER_UNSPECIFIED',
  phone: '',
  address: undefined,
  safeContact: undefined,
  ...known,
});

const counter = (): (() => string) => {
  let next = 0;
  return () => `new-${next++}`;
};

const resolveAll = (
  sendings: readonly Unresolved[],
  known: ReadonlyMap<string, string> = new Map(),
  answered: ReadonlyMap<string, string> = new Map(),
) => resolve(sendings, answered, known, counter());

describe('the keys of particulars', () => {
  it('are the NHS number, then name with birth date', () => {
    const keys = personKeys(
      particulars({ givenName: 'Ana', familyName: 'Doe', birthDate: '1980-02-03', nhsNumber: '9434765919' }),
    );
    expect(keys).toEqual([
      { kind: 'nhs-number', value: '9434765919' },
      { kind: 'name-and-birth-date', value: 'ana|doe|1980-02-03' },
    ]);
  });

  it('need the whole name and the birth date', () => {
    expect(personKeys(particulars({ familyName: 'Doe', birthDate: '1980-02-03' }))).toEqual([]);
    expect(personKeys(particulars({ givenName: 'Ana', familyName: 'Doe' }))).toEqual([]);
    expect(personKeys(particulars({ givenName: '-', familyName: 'Doe', birthDate: '1980-02-03' }))).toEqual(
      [],
    );
  });

  it('do not let a letter move between given and family name', () => {
    const one = personKeys(particulars({ givenName: 'Ann', familyName: 'Asmith', birthDate: '1980-02-03' }));
    const other = personKeys(
      particulars({ givenName: 'Anna', familyName: 'Smith', birthDate: '1980-02-03' }),
    );
    expect(one).not.toEqual(other);
  });
});

describe('parts', () => {
  it('count within a role, so that another role between changes nothing', () => {
    expect(partsOf(['victim', 'alleged-perpetrator', 'alleged-perpetrator'])).toEqual([
      'victim-0',
      'alleged-perpetrator-0',
      'alleged-perpetrator-1',
    ]);
    expect(partsOf(['alleged-perpetrator', 'victim', 'alleged-perpetrator'])).toEqual([
      'alleged-perpetrator-0',
      'victim-0',
      'alleged-perpetrator-1',
    ]);
  });
});

describe('who is who', () => {
  it('an unknown key is a new person who owns it from then on', () => {
    const found = resolveAll([{ part: 'victim-0', keys: ['n1'] }]);
    expect(found.personOf.get('victim-0')).toBe('new-0');
    expect(found.newPersons).toEqual(['new-0']);
    expect([...found.newKeys]).toEqual([['n1', 'new-0']]);
  });

  it('an NHS number beats a name and birth date, and neither key moves', () => {
    const known = new Map([
      ['nhs', 'a'],
      ['name', 'b'],
    ]);
    const found = resolveAll([{ part: 'victim-0', keys: ['nhs', 'name'] }], known);
    expect(found.personOf.get('victim-0')).toBe('a');
    expect(found.newKeys.size).toBe(0);
    expect(found.newPersons).toEqual([]);
  });

  it('learns a new name of a person known by number', () => {
    const found = resolveAll([{ part: 'victim-0', keys: ['nhs', 'name'] }], new Map([['nhs', 'a']]));
    expect([...found.newKeys]).toEqual([['name', 'a']]);
  });

  it('particulars without a key are a new person each time', () => {
    const found = resolveAll([
      { part: 'alleged-perpetrator-0', keys: [] },
      { part: 'alleged-perpetrator-1', keys: [] },
    ]);
    expect(new Set(found.personOf.values()).size).toBe(2);
  });

  it('a part answered before keeps its answer, whatever is sent now', () => {
    const found = resolveAll(
      [{ part: 'victim-0', keys: ['other'] }],
      new Map([['other', 'b']]),
      new Map([['victim-0', 'a']]),
    );
    expect(found.personOf.get('victim-0')).toBe('a');
    expect(found.kept).toEqual([]);
    expect(found.newKeys.size).toBe(0);
  });

  const unresolved = fc.array(fc.uniqueArray(fc.constantFrom('k0', 'k1', 'k2', 'k3'), { maxLength: 2 }), {
    maxLength: 8,
  });

  it('gives the same answer again, and every key one owner', () => {
    fc.assert(
      fc.property(unresolved, (keysOf) => {
        const sendings = keysOf.map((keys, place) => ({ part: `victim-${place}`, keys }));
        const first = resolveAll(sendings);
        expect(first.kept).toEqual(sendings.map(({ part }) => part));
        const again = resolveAll(sendings, first.newKeys, first.personOf);
        expect(again.personOf).toEqual(first.personOf);
        expect(again.newPersons).toEqual([]);
        // Sent anew under other parts: whoever has a key is found by it.
        const elsewhere = resolveAll(
          sendings.filter(({ keys }) => keys.length > 0),
          first.newKeys,
        );
        expect(elsewhere.newPersons).toEqual([]);
        for (const { part, keys } of sendings) {
          const strongest = keys[0];
          if (strongest !== undefined)
            expect(elsewhere.personOf.get(part)).toBe(first.newKeys.get(strongest));
        }
      }),
    );
  });
});
