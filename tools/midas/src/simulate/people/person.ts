import { type Random, random } from '../random.ts';
import { addDays } from '../time.ts';
import { DISTRICTS, INWARD_LETTERS, NAME_PARTS } from './names.ts';
import { nhsNumbers } from './nhs-number.ts';

export type Gender = 'GENDER_FEMALE' | 'GENDER_MALE' | 'GENDER_OTHER';

/**
 * Which identifiers partners leave out for a person. Of one person some records may lack the NHS number, or some
 * the birth date, but never both kinds: any two records then share a number, or a name and birth date, and nobody
 * has to be joined by a third.
 */
export type Omission = 'nothing' | 'nhs-number' | 'birth-date';

/** An invented person. No two share an NHS number, nor name and birth date. */
export interface Person {
  readonly givenName: string;
  readonly familyName: string;
  /** YYYY-MM-DD */
  readonly birthDate: string;
  readonly nhsNumber: string;
  readonly gender: Gender;
  /** International form, from the ranges that Ofcom keeps for drama. */
  readonly phone: string;
  readonly street: string;
  readonly town: string;
  readonly postcode: string;
  readonly phoneSafety: 'CONTACT_SAFETY_SAFE' | 'CONTACT_SAFETY_UNSAFE' | 'CONTACT_SAFETY_UNSPECIFIED';
  readonly omitted: Omission;
}

export interface People {
  /** Somebody not seen before; mostly women. */
  readonly survivor: () => Person;
  /** Somebody not seen before; mostly men. Known by name and birth date. */
  readonly perpetrator: () => Person;
}

/** Invented people, each one once, in an order fixed by the seed. */
export function people(seed: number): People {
  const chance = random(seed, 'people');
  const numbers = nhsNumbers(chance.int(0, 999_999));
  const known = new Set<string>();
  const person = (womenShare: number, omitted: Omission): Person => {
    const gender = genderOf(chance, womenShare);
    for (;;) {
      const name = nameOf(chance, gender);
      const birthDate = addDays('1945-01-01', chance.int(0, 19_700)); // 71 to 17 years old in January 2017
      // Partners write names in their own way; who is told apart by a hyphen or a capital is not told apart.
      const key = `${name.givenName} ${name.familyName.replace('-', '')} ${birthDate}`.toLowerCase();
      if (known.has(key)) continue;
      known.add(key);
      return {
        ...name,
        birthDate,
        nhsNumber: numbers.next().value,
        gender,
        ...home(chance),
        ...contact(chance),
        omitted,
      };
    }
  };
  return {
    survivor: () => person(0.87, chance.pick(['nothing', 'nhs-number', 'nhs-number', 'birth-date'] as const)),
    perpetrator: () => person(0.1, 'nothing'),
  };
}

function genderOf(chance: Random, womenShare: number): Gender {
  if (chance.chance(0.01)) return 'GENDER_OTHER';
  return chance.chance(womenShare) ? 'GENDER_FEMALE' : 'GENDER_MALE';
}

function nameOf(chance: Random, gender: Gender): Pick<Person, 'givenName' | 'familyName'> {
  const { givenStarts, femaleEnds, maleEnds, familyStarts, familyEnds } = NAME_PARTS;
  const given = chance.pick(givenStarts) + chance.pick(gender === 'GENDER_MALE' ? maleEnds : femaleEnds);
  const family = chance.pick(familyStarts) + chance.pick(familyEnds);
  const second = chance.chance(0.05) ? `-${chance.pick(familyStarts)}${chance.pick(familyEnds)}` : '';
  return { givenName: given, familyName: family + second };
}

function home(chance: Random): Pick<Person, 'street' | 'town' | 'postcode'> {
  const { town, outward } = chance.pick(DISTRICTS);
  const inward = `${chance.int(0, 9)}${chance.pick(INWARD_LETTERS)}${chance.pick(INWARD_LETTERS)}`;
  const street = `${chance.int(1, 180)} ${chance.pick(NAME_PARTS.streetStarts)} ${chance.pick(NAME_PARTS.streetEnds)}`;
  return { street, town, postcode: `${chance.pick<string>(outward)} ${inward}` };
}

function contact(chance: Random): Pick<Person, 'phone' | 'phoneSafety'> {
  const last = String(chance.int(0, 999)).padStart(3, '0');
  const phone = chance.chance(0.85) ? `+447700900${last}` : `+441632960${last}`;
  const safety = chance.int(1, 100);
  return {
    phone,
    phoneSafety:
      safety <= 70
        ? 'CONTACT_SAFETY_SAFE'
        : safety <= 85
          ? 'CONTACT_SAFETY_UNSAFE'
          : 'CONTACT_SAFETY_UNSPECIFIED',
  };
}
