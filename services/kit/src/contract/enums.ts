import { fail } from '../errors/domain-error.ts';

/** Slug of the refusal of a value that is newer than this code. */
export const unknownEnumValue = 'unknown-enum-value';

/** The values of a generated enum that mean something: by name, without the proto prefix. */
export type EnumName<E> = Exclude<keyof E & string, 'UNSPECIFIED' | 'UNRECOGNIZED'>;

/**
 * Name of an enum value from the wire, the form in which it is stored. Fails (`invalid`) for an unset or an
 * unknown value, so that neither is ever stored or sent on. The way back is `Enum[name]`.
 */
export function enumName<E extends Readonly<Record<string, string>>>(
  values: E,
  value: E[keyof E],
): EnumName<E> {
  const name = enumNameOrNull(values, value);
  if (name === null)
    return fail('invalid', unknownEnumValue, 'A code was sent that this service does not know.');
  return name;
}

/** As `enumName`, and null for an unset value. */
export function enumNameOrNull<E extends Readonly<Record<string, string>>>(
  values: E,
  value: E[keyof E],
): EnumName<E> | null {
  const isMeaningful = (name: string): name is EnumName<E> =>
    name !== 'UNSPECIFIED' && name !== 'UNRECOGNIZED' && values[name] === value;
  return Object.keys(values).find(isMeaningful) ?? null;
}
