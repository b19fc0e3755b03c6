import {
  type DescField,
  type DescMessage,
  fromBinary,
  isMessage,
  type Message,
  type MessageShape,
} from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import type { Violation } from '../errors/domain-error.ts';
import { registry } from './registry.ts';

const validator = createValidator({ registry });

/**
 * What the contract has against a message: fields it does not know, enum values it does not know, and its
 * protovalidate rules. Paths are in snake_case as in JSON; no text repeats a value. Empty means valid.
 */
export function validate(desc: DescMessage, input: Uint8Array | Message): readonly Violation[] {
  const message = input instanceof Uint8Array ? parse(desc, input) : input;
  if (message === undefined) {
    return [{ field: '', rule: 'encoding', message: 'must be a well-formed message' }];
  }
  const unknown: Violation[] = [];
  collectUnknown(desc, message, '', unknown);
  if (unknown.length > 0) return unknown;
  const result = validator.validate(desc, message as MessageShape<DescMessage>);
  if (result.kind === 'valid') return [];
  if (result.kind === 'error') throw result.error;
  return result.violations.map((violation) => ({
    field: pathToString(violation.field),
    rule: violation.ruleId.replace(/^.*\//, ''),
    message: violation.message,
  }));
}

function parse(desc: DescMessage, bytes: Uint8Array): Message | undefined {
  try {
    return fromBinary(desc, bytes, { readUnknownFields: true });
  } catch {
    return undefined;
  }
}

// Fields and enum values that this code does not know would otherwise be dropped without a word.
function collectUnknown(desc: DescMessage, message: Message, prefix: string, found: Violation[]): void {
  for (const unknown of message.$unknown ?? []) {
    found.push({ field: `${prefix}#${unknown.no}`, rule: 'unknown_field', message: 'is not known here' });
  }
  if (desc.typeName.startsWith('google.protobuf.')) return;
  for (const field of desc.fields) {
    const value = valueIn(field, message);
    if (value === undefined) continue;
    const path = prefix + field.name;
    for (const [key, item] of itemsOf(field, value)) checkItem(field, item, path + key, found);
  }
}

function checkItem(field: DescField, item: unknown, path: string, found: Violation[]): void {
  if (field.message !== undefined && isMessage(item)) collectUnknown(field.message, item, `${path}.`, found);
  if (field.enum !== undefined && typeof item === 'number' && field.enum.value[item] === undefined) {
    found.push({ field: path, rule: 'enum.defined_only', message: 'must be one of the defined values' });
  }
}

function itemsOf(field: DescField, value: unknown): readonly (readonly [string, unknown])[] {
  if (field.message === undefined && field.enum === undefined) return [];
  if (field.fieldKind === 'list' && Array.isArray(value)) {
    return value.map((item: unknown, index) => [`[${index}]`, item] as const);
  }
  if (field.fieldKind === 'map' && typeof value === 'object' && value !== null) {
    return Object.values(value).map((item: unknown) => ['', item] as const);
  }
  return [['', value]];
}

// protobuf-es keeps a field under its local name, and the set member of a oneof under the oneof's.
function valueIn(field: DescField, message: Message): unknown {
  const fields = message as unknown as Readonly<Record<string, unknown>>;
  if (field.oneof === undefined) return fields[field.localName];
  const chosen = fields[field.oneof.localName] as { case?: string; value?: unknown } | undefined;
  return chosen?.case === field.localName ? chosen.value : undefined;
}
