import type { MethodContract } from '@midas/kit';
import { syntheticPerson } from './people.ts';

type Desc = MethodContract['input'];
type Field = Desc['fields'][number];

const past = '2017-06-07T10:00:00Z';

/**
 * A body that keeps the rules of a message as well as its descriptor alone tells: every field but the named ones has a
 * value of its type. What a field wants besides, the test that sends the body gives.
 */
export function anyBody(desc: Desc, without: readonly string[]): Record<string, unknown> {
  const entries = desc.fields
    .filter(({ name }) => !without.includes(name))
    .map((field) => [field.name, valueFor(field)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function valueFor(field: Field): unknown {
  switch (field.fieldKind) {
    case 'enum':
      return field.enum.values[1]?.name;
    case 'message':
      return messageValue(field.message);
    case 'scalar':
      return scalarValue(field);
    default:
      return undefined;
  }
}

function messageValue(desc: Desc): unknown {
  if (desc.typeName === 'google.protobuf.Timestamp') return past;
  if (desc.typeName.startsWith('google.protobuf.')) return undefined;
  return desc.typeName === 'midas.common.v1.Particulars' ? syntheticPerson() : anyBody(desc, []);
}

function scalarValue({ name, scalar }: Field & { readonly fieldKind: 'scalar' }): unknown {
  // The numbers are those of the descriptor format: 8 is bool, 9 is string, 12 is bytes.
  if (scalar === 8) return true;
  if (scalar === 12) return undefined;
  if (scalar !== 9) return 1;
  if (name.endsWith('_id')) return crypto.randomUUID();
  if (/_(on|date)$/.test(name)) return past.slice(0, 10);
  return 'a-reason-of-more-than-twenty-letters';
}
