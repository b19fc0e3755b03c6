import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { type Privacy, privacyOf } from '../contract/privacy.ts';
import { messageOf } from '../contract/registry.ts';

type Fields = Readonly<Record<string, unknown>>;
type Classes = ReadonlySet<Privacy>;

const maskedFieldsName = 'masked_fields';

/**
 * A copy of a ts-proto message with the fields of other classes than `classes` emptied and named, in snake_case and
 * whether or not they hold anything, in its `masked_fields`. A class on a message covers everything below it; a class
 * inside needs a permission of its own. Messages for which `isShown` holds are kept as they are. The copy is built
 * from what may be shown, so that a field this code does not know is lost and never leaks.
 */
export function mask(
  typeName: string,
  message: object,
  classes: Classes,
  isShown: (message: object) => boolean,
): object {
  return isShown(message) ? message : copy(messageOf(typeName), message as Fields, classes, false, isShown);
}

/** Names of the fields that `mask` empties for these classes. */
export function maskedNames(desc: DescMessage, classes: Classes): readonly string[] {
  const byClasses = nameCache.get(desc) ?? new Map<string, readonly string[]>();
  nameCache.set(desc, byClasses);
  const key = [...classes].sort().join();
  const known = byClasses.get(key);
  if (known !== undefined) return known;
  const found: string[] = [];
  collectNames(desc, classes, false, '', [desc], found);
  byClasses.set(key, found);
  return found;
}

const nameCache = new WeakMap<DescMessage, Map<string, readonly string[]>>();

function collectNames(
  desc: DescMessage,
  classes: Classes,
  covered: boolean,
  prefix: string,
  above: readonly DescMessage[],
  found: string[],
): void {
  for (const field of desc.fields) {
    if (field.name === maskedFieldsName) continue;
    const child = childOf(field);
    const path = prefix + field.name;
    if (!isVisible(field, classes, covered, child)) found.push(path);
    else if (child !== undefined && !above.includes(child)) {
      collectNames(child, classes, covered || isMarked(field), `${path}.`, [...above, child], found);
    }
  }
}

function copy(
  desc: DescMessage,
  message: Fields,
  classes: Classes,
  covered: boolean,
  isShown: (message: object) => boolean,
): Fields {
  const shown: Record<string, unknown> = {};
  for (const field of desc.fields) {
    const child = childOf(field);
    const visible = field.name === maskedFieldsName || isVisible(field, classes, covered, child);
    const below = (item: unknown): unknown =>
      child === undefined || typeof item !== 'object' || item === null || isShown(item)
        ? item
        : copy(child, item as Fields, classes, covered || isMarked(field), isShown);
    if (field.oneof !== undefined) copyChoice(field, message, visible, below, shown);
    else if (visible) shown[field.localName] = copyValue(field, message[field.localName], below);
    else shown[field.localName] = keepShown(field, message[field.localName], isShown);
  }
  if (desc.fields.some((field) => field.name === maskedFieldsName)) {
    // A handler may hide more than the classes do, and names it itself.
    const hidden = Array.isArray(message.maskedFields) ? message.maskedFields : [];
    shown.maskedFields = [...new Set([...maskedNames(desc, classes), ...hidden])];
  }
  return shown;
}

// A oneof of ts-proto is one property that holds the chosen member's name and value.
function copyChoice(
  field: DescField,
  message: Fields,
  visible: boolean,
  below: (item: unknown) => unknown,
  shown: Record<string, unknown>,
): void {
  const property = field.oneof?.localName ?? '';
  const chosen = message[property] as { readonly $case?: string; readonly value?: unknown } | undefined;
  if (!(property in shown)) shown[property] = undefined;
  if (visible && chosen?.$case === field.localName) {
    shown[property] = { $case: chosen.$case, value: below(chosen.value) };
  }
}

function copyValue(field: DescField, value: unknown, below: (item: unknown) => unknown): unknown {
  if (field.fieldKind === 'list' && Array.isArray(value)) return value.map(below);
  if (field.fieldKind === 'map' && typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, below(item)]));
  }
  return below(value);
}

// A shown message may sit in a marked field of a message that was not itself shown.
function keepShown(field: DescField, value: unknown, isShown: (message: object) => boolean): unknown {
  if (field.fieldKind === 'list' && Array.isArray(value) && field.message !== undefined) {
    return value.filter((item: unknown) => typeof item === 'object' && item !== null && isShown(item));
  }
  if (field.fieldKind === 'message' && typeof value === 'object' && value !== null && isShown(value))
    return value;
  return emptyOf(field);
}

function isVisible(
  field: DescField,
  classes: Classes,
  covered: boolean,
  child: DescMessage | undefined,
): boolean {
  const itsClass = privacyOf(field);
  if (itsClass !== 'NONE') return classes.has(itsClass);
  // What a permitted class covers is visible; an unmarked message is judged by its own fields.
  return covered || child !== undefined || classes.has('NONE');
}

function isMarked(field: DescField): boolean {
  return privacyOf(field) !== 'NONE';
}

// Well-known types are plain values in ts-proto: dates, wrapped scalars.
function childOf(field: DescField): DescMessage | undefined {
  return field.message?.typeName.startsWith('google.protobuf.') ? undefined : field.message;
}

function emptyOf(field: DescField): unknown {
  if (field.fieldKind === 'list') return [];
  if (field.fieldKind === 'map') return {};
  if (field.fieldKind === 'message' || field.proto.proto3Optional) return undefined;
  if (field.fieldKind === 'enum') return field.enum.values[0]?.name;
  switch (field.scalar) {
    case ScalarType.STRING:
      return '';
    case ScalarType.BOOL:
      return false;
    case ScalarType.BYTES:
      return new Uint8Array(0);
    default:
      return 0;
  }
}
