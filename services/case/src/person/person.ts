import { foldName } from '@midas/kit/rules';
import type { Particulars } from '@midas/proto/common/v1/people';

/** Part a person plays in what was sent. Victims and alleged perpetrators alike are persons. */
export type PersonRole = 'victim' | 'alleged-perpetrator' | 'child';

/**
 * What makes two sendings one person: an equal NHS number, or an equal normalised name and birth date.
 * Values are plain here; they are stored and compared as blind indexes only.
 */
export type KeyKind = 'nhs-number' | 'name-and-birth-date';

export interface PersonKey {
  readonly kind: KeyKind;
  readonly value: string;
}

export interface Sending {
  readonly role: PersonRole;
  readonly particulars: Particulars;
}

/**
 * Keys by which these particulars are recognised, the stronger first. A name counts only when given name,
 * family name and birth date are all known: a surname and a date are shared within families. None: the
 * particulars are a new person, whoever they are.
 */
export const personKeys = (particulars: Particulars): readonly PersonKey[] => {
  const keys: PersonKey[] = [];
  if (particulars.nhsNumber !== '') keys.push({ kind: 'nhs-number', value: particulars.nhsNumber });
  const given = foldName(particulars.givenName);
  const family = foldName(particulars.familyName);
  if (given !== '' && family !== '' && particulars.birthDate !== '') {
    keys.push({ kind: 'name-and-birth-date', value: `${given}|${family}|${particulars.birthDate}` });
  }
  return keys;
};

/**
 * Names each person within their source: role and place among those of the same role. Two services that
 * send the same referral name its persons alike, whatever they interleave.
 */
export const partsOf = (roles: readonly PersonRole[]): readonly string[] => {
  const seen = new Map<PersonRole, number>();
  return roles.map((role) => {
    const place = seen.get(role) ?? 0;
    seen.set(role, place + 1);
    return `${role}-${place}`;
  });
};

/** One sending on its way to a person; `keys` are opaque here (the store passes blind indexes), stronger first. */
export interface Unresolved {
  readonly part: string;
  readonly keys: readonly string[];
}

export interface Resolution {
  /** Person of every part asked. */
  readonly personOf: ReadonlyMap<string, string>;
  /** Parts that were not answered before and must be kept. */
  readonly kept: readonly string[];
  readonly newPersons: readonly string[];
  /** Keys that belong to a person from now on. A key never moves to another person. */
  readonly newKeys: ReadonlyMap<string, string>;
}

/**
 * Says who is who. A part answered before keeps its answer. Otherwise the first key that is known names
 * the person, so that an NHS number beats a name and birth date where the two disagree; the disagreement
 * stays visible to a later merge because keys do not move. Keys not known yet are learnt.
 */
export const resolve = (
  sendings: readonly Unresolved[],
  answered: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, string>,
  newId: () => string,
): Resolution => {
  const personOf = new Map<string, string>();
  const newKeys = new Map<string, string>();
  const newPersons: string[] = [];
  const kept: string[] = [];
  for (const { part, keys } of sendings) {
    const before = answered.get(part);
    if (before !== undefined) {
      personOf.set(part, before);
      continue;
    }
    const owner = (key: string): string | undefined => known.get(key) ?? newKeys.get(key);
    const match = keys.map(owner).find((person) => person !== undefined);
    const person = match ?? newId();
    if (match === undefined) newPersons.push(person);
    for (const key of keys) if (owner(key) === undefined) newKeys.set(key, person);
    personOf.set(part, person);
    kept.push(part);
  }
  return { personOf, kept, newPersons, newKeys };
};
