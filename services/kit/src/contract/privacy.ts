import { type DescField, type DescMessage, getOption } from '@bufbuild/protobuf';
import { extension, messageOf, registry } from './registry.ts';

/** Privacy class of a field, as the contract marks it. */
export type Privacy = 'NONE' | 'PERSONAL' | 'SPECIAL_CATEGORY' | 'LOCATION' | 'FREE_TEXT';

/** Every privacy class: what a rule grants that hides nothing. */
export const ALL_CLASSES: readonly Privacy[] = [
  'NONE',
  'PERSONAL',
  'SPECIAL_CATEGORY',
  'LOCATION',
  'FREE_TEXT',
];

// By number, as options.proto declares them; unset means NONE.
const byNumber: readonly Privacy[] = ['NONE', ...ALL_CLASSES];
const privacy = extension('midas.contract.v1.privacy');
const known = new WeakMap<DescField, Privacy>();

/** Privacy class of a field. Throws for a class newer than this code: guessing would show it. */
export function privacyOf(field: DescField): Privacy {
  const cached = known.get(field);
  if (cached !== undefined) return cached;
  const value: unknown = getOption(field, privacy);
  const found = typeof value === 'number' ? byNumber[value] : undefined;
  if (found === undefined) throw new Error(`Unknown privacy class on ${field.toString()}.`);
  known.set(field, found);
  return found;
}

/** Every field at any depth of a message that carries a class other than NONE, by dotted snake_case path. */
export function markedFields(
  typeName: string,
): readonly { path: string; field: DescField; privacy: Privacy }[] {
  const found: { path: string; field: DescField; privacy: Privacy }[] = [];
  const walk = (desc: DescMessage, prefix: string, above: readonly DescMessage[]): void => {
    for (const field of desc.fields) {
      const path = prefix + field.name;
      const itsClass = privacyOf(field);
      if (itsClass !== 'NONE') found.push({ path, field, privacy: itsClass });
      const child = field.message;
      if (child !== undefined && !above.includes(child)) walk(child, `${path}.`, [...above, child]);
    }
  };
  const top = messageOf(typeName);
  walk(top, '', [top]);
  return found;
}

let names: ReadonlySet<string> | undefined;

/** Names (snake_case and camelCase) of every marked field of the contract: keys whose values no log may hold. */
export function markedNames(): ReadonlySet<string> {
  if (names !== undefined) return names;
  const found = new Set<string>();
  for (const type of registry) {
    if (type.kind !== 'message') continue;
    for (const field of type.fields) {
      if (privacyOf(field) === 'NONE') continue;
      found.add(field.name).add(field.localName);
    }
  }
  names = found;
  return names;
}
