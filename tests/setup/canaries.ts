import { randomInt } from 'node:crypto';
import { type MethodContract, methodsOf, privacyOf, serviceNames } from '@midas/kit';
import { syntheticPerson } from './people.ts';

type Desc = MethodContract['input'];
type Field = Desc['fields'][number];
type Json = Readonly<Record<string, unknown>>;

const consonants = 'bcdfghjklmnpqrstvwxz';

/** A word that no text of people or machines holds by chance. */
const oddWord = (): string =>
  `Zq${Array.from({ length: 16 }, () => consonants[randomInt(consonants.length)]).join('')}`;

/** A date of a century in which nothing here happens. */
const oddDate = (): string => `18${randomInt(10, 90)}-0${randomInt(1, 10)}-${randomInt(10, 29)}`;

const inward = 'ABDEFGHJLNPQRSTUWXYZ';
const letter = (): string => inward[randomInt(inward.length)] ?? '';

// What a field of this name must look like; any other takes words. The gateway refuses what does not fit.
const byName: Readonly<Record<string, () => string>> = {
  birth_date: oddDate,
  nhs_number: () => String(syntheticPerson().nhs_number),
  phone: () => `+4477009${randomInt(10_000_000, 99_999_999)}`,
  postcode: () => `Z${letter()}${randomInt(10, 99)} ${randomInt(1, 10)}${letter()}${letter()}`,
  service: () => oddWord().toLowerCase(),
  given_name: oddWord,
  family_name: oddWord,
};
const given = new Set<string>();

/** A value that fits a field and was not given out before. */
function odd(field: Field): string {
  const make = byName[field.name] ?? (() => `${oddWord()} said ${oddWord()}`);
  for (;;) {
    const made = make();
    if (given.has(made)) continue;
    given.add(made);
    return made;
  }
}

const isText = (field: Field): boolean =>
  (field.fieldKind === 'scalar' || field.fieldKind === 'list') && field.scalar === 9;
const isMarked = (field: Field): boolean => privacyOf(field) !== 'NONE';

/** A marked text field of a request, as the message that declares it and its path in the request. */
export interface MarkedText {
  readonly path: string;
  /** `midas.common.v1.Particulars.given_name` */
  readonly declared: string;
}

/** The text fields of a message that the contract marks, at any depth. */
export function markedTexts(desc: Desc, prefix = ''): readonly MarkedText[] {
  return desc.fields.flatMap((field) => {
    const path = prefix + field.name;
    if (field.message !== undefined) return markedTexts(field.message, `${path}.`);
    if (!isText(field) || !isMarked(field)) return [];
    return [{ path, declared: `${desc.typeName}.${field.name}` }];
  });
}

/** Every RPC of the contract. */
export const everyRpc = (): readonly MethodContract[] =>
  serviceNames()
    .filter((name) => name.startsWith('midas.'))
    .flatMap(methodsOf);

/** A body of this message with a canary in every marked text field, and what a marked field of another kind needs. */
export function withCanaries(desc: Desc): Json {
  const values = desc.fields.flatMap((field): (readonly [string, unknown])[] => {
    const value = jsonOf(field);
    if (value === undefined) return [];
    return [[field.name, field.fieldKind === 'list' ? [value] : value]];
  });
  return Object.fromEntries(values);
}

function jsonOf(field: Field): unknown {
  if (field.message !== undefined)
    return markedTexts(field.message).length > 0 ? withCanaries(field.message) : undefined;
  if (!isMarked(field)) return undefined;
  if (isText(field)) return odd(field);
  // The last of the values: the first may mean nothing in particular.
  if (field.enum !== undefined) return field.enum.values.at(-1)?.name;
  return undefined;
}

/** The canaries of a body by the path of their field, items of a list under one path. */
export function canariesOf(desc: Desc, body: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const look = (at: Desc, value: unknown, prefix: string): void => {
    for (const field of at.fields) {
      for (const one of [Object(value)[field.name]].flat()) {
        if (one === undefined) continue;
        if (field.message !== undefined) look(field.message, one, `${prefix}${field.name}.`);
        else if (isText(field) && isMarked(field) && one !== '') found.set(prefix + field.name, String(one));
      }
    }
  };
  look(desc, body, '');
  return found;
}

/** One value over another: objects are merged, whatever else is replaced. */
export function merged(below: unknown, above: unknown): unknown {
  if (above === undefined) return below;
  if (Array.isArray(below) && Array.isArray(above))
    return above.map((item, at) => merged(below[at] ?? below[0], item));
  if (!isPlain(below) || !isPlain(above)) return above;
  const names = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries([...names].map((name) => [name, merged(below[name], above[name])]));
}

const isPlain = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The canaries that stand in `where`, in capitals or small letters, with or without what separates their parts, or
 * written as base64 or in hexadecimal digits.
 */
export function canariesIn(where: Uint8Array, canaries: readonly string[]): readonly string[] {
  const bytes = Buffer.from(where.buffer, where.byteOffset, where.byteLength);
  const exact = bytes.toString('latin1');
  const folded = exact.toLowerCase();
  return canaries.filter(
    (canary) =>
      plainForms(canary).some((form) => folded.includes(form)) ||
      base64Forms(canary).some((form) => exact.includes(form)),
  );
}

function plainForms(canary: string): readonly string[] {
  const text = canary.toLowerCase();
  const forms = [
    text,
    text.replace(/[-+ ]/g, ''),
    Buffer.from(canary).toString('hex'),
    ...text.split(' said '),
  ];
  return [...new Set(forms)];
}

/** How a text reads within base64 at each of the three places where it may begin, without what its neighbours change. */
function base64Forms(canary: string): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(canary)])
      .toString('base64')
      .replace(/=+$/, '');
    return encoded.slice(shift === 0 ? 0 : shift + 1, -2);
  });
}
