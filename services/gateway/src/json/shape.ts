import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { Violation } from '@midas/kit';
import { scalarRule } from './scalars.ts';
import { isDuration, isInstant } from './times.ts';
import { join, maxViolations, printable } from './violation.ts';

/** Adds to `out` what is wrong with a parsed JSON value found at `path`. */
type Check = (value: unknown, path: string, out: Violation[]) => void;

const checks = new WeakMap<DescMessage, Check>();

/**
 * Finds every place where a parsed JSON body departs from the message: unknown fields, wrong types, unknown
 * enum names, dates that do not exist. `fromJson` still decides afterwards; this says *where*, and is stricter:
 * only the field names of the proto file, no number in quotes, no null (except, with `nulls`, to clear a field).
 */
export function shapeViolations(desc: DescMessage, json: unknown): readonly Violation[] {
  const out: Violation[] = [];
  checkOf(desc)(json, '', out);
  return out.slice(0, maxViolations);
}

function checkOf(desc: DescMessage): Check {
  const known = checks.get(desc);
  if (known !== undefined) return known;
  // Registered before its fields are compiled, so that a message may hold itself.
  const fields = new Map<string, Check>();
  const oneofs = desc.oneofs.map((oneof) => oneof.fields.map((field) => field.name));
  const check: Check = (value, path, out) => {
    if (!isObject(value)) return report(out, path, 'type', 'must be an object');
    for (const name of Object.keys(value)) {
      if (out.length >= maxViolations) return;
      const field = fields.get(name);
      if (field === undefined)
        report(out, join(path, printable(name)), 'unknown_field', 'is not a field here');
      else field(value[name], join(path, name), out);
    }
    for (const names of oneofs) {
      const present = names.filter((name) => value[name] !== undefined);
      if (present.length > 1) report(out, join(path, present[1] ?? ''), 'oneof', `not beside ${present[0]}`);
    }
  };
  const wellKnown = wellKnownCheck(desc);
  checks.set(desc, wellKnown ?? check);
  for (const field of desc.fields) fields.set(field.name, fieldCheck(field));
  return wellKnown ?? check;
}

function fieldCheck(field: DescField): Check {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarCheck(field.scalar);
    case 'enum':
      return enumCheck(field.enum);
    case 'message':
      return checkOf(field.message);
    case 'list':
      return listCheck(
        field.listKind === 'scalar'
          ? scalarCheck(field.scalar)
          : field.listKind === 'enum'
            ? enumCheck(field.enum)
            : checkOf(field.message),
      );
    case 'map':
      return mapCheck(
        field.mapKey,
        field.mapKind === 'scalar'
          ? scalarCheck(field.scalar)
          : field.mapKind === 'enum'
            ? enumCheck(field.enum)
            : checkOf(field.message),
      );
  }
}

function scalarCheck(type: ScalarType): Check {
  const rule = scalarRule(type);
  return (value, path, out) => {
    if (!rule.accepts(value)) report(out, path, 'type', rule.message);
  };
}

function enumCheck(desc: DescEnum): Check {
  const names = new Set(desc.values.map((value) => value.name));
  const listed = desc.values.filter((value) => value.number !== 0).map((value) => value.name);
  const message = `must be one of ${listed.join(', ')}`;
  return (value, path, out) => {
    if (typeof value !== 'string' || !names.has(value)) report(out, path, 'enum', message);
  };
}

function listCheck(item: Check): Check {
  return (value, path, out) => {
    if (!Array.isArray(value)) return report(out, path, 'type', 'must be a list');
    for (const [index, element] of value.entries()) {
      if (out.length >= maxViolations) return;
      item(element, `${path}[${index}]`, out);
    }
  };
}

function mapCheck(key: ScalarType, item: Check): Check {
  return (value, path, out) => {
    if (!isObject(value)) return report(out, path, 'type', 'must be an object');
    for (const [name, element] of Object.entries(value)) {
      if (out.length >= maxViolations) return;
      const at = `${path}["${printable(name)}"]`;
      if (key !== ScalarType.STRING && !/^(true|false|-?\d{1,20})$/.test(name)) {
        report(out, at, 'type', 'is not a key of this map');
      } else item(element, at, out);
    }
  };
}

/** Messages with a JSON form of their own; the rarer ones are left to `fromJson`. */
function wellKnownCheck(desc: DescMessage): Check | undefined {
  if (!desc.typeName.startsWith('google.protobuf.')) return undefined;
  if (desc.typeName === 'google.protobuf.Timestamp') {
    return textCheck(isInstant, 'must be a time in RFC 3339, e.g. "2018-01-31T09:30:00Z"');
  }
  if (desc.typeName === 'google.protobuf.Duration')
    return textCheck(isDuration, 'must be a duration, e.g. "90s"');
  if (desc.typeName === 'google.protobuf.FieldMask') return textCheck(() => true, 'must be field names');
  const [value] = desc.fields;
  if (desc.typeName.endsWith('Value') && desc.fields.length === 1 && value?.fieldKind === 'scalar') {
    return scalarCheck(value.scalar);
  }
  return () => {};
}

function textCheck(accepts: (text: string) => boolean, message: string): Check {
  return (value, path, out) => {
    if (typeof value !== 'string' || !accepts(value)) report(out, path, 'type', message);
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function report(out: Violation[], field: string, rule: string, message: string): void {
  out.push({ field, rule, message });
}
