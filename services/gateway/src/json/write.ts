import {
  type DescField,
  type DescMessage,
  fromBinary,
  type JsonObject,
  type JsonValue,
  ScalarType,
  toJson,
} from '@bufbuild/protobuf';
import { join } from './violation.ts';

/** Gives the fields their values where the message says nothing. `masked` holds paths that must stay absent. */
type Fill = (json: JsonObject, path: string, masked: ReadonlySet<string>) => void;

// Written as text in the JSON mapping of protobuf.
const bigIntegers: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.SINT64,
  ScalarType.SFIXED64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
]);
const nothing: ReadonlySet<string> = new Set();
const fills = new WeakMap<DescMessage, Fill>();

/**
 * The answer of an RPC as JSON with the field names of the proto file. Numbers, truth values and lists are always
 * there; text, enums, times and objects are absent when they have no value; a masked field is absent and named in
 * `masked_fields`.
 */
export function writeAnswer(desc: DescMessage, bytes: Uint8Array): JsonObject {
  const json = toJson(desc, fromBinary(desc, bytes), { useProtoFieldName: true });
  if (!isObject(json)) throw new Error(`${desc.typeName} is not written as an object`);
  fillOf(desc)(json, '', nothing);
  return json;
}

function fillOf(desc: DescMessage): Fill {
  const known = fills.get(desc);
  if (known !== undefined) return known;
  const masks = desc.fields.some((field) => field.name === 'masked_fields');
  const steps: Fill[] = [];
  const fill: Fill = (json, path, outer) => {
    const own = masks ? maskedFields(json) : undefined;
    // A message that masks itself starts its own paths.
    for (const step of steps) step(json, own === undefined ? path : '', own ?? outer);
  };
  fills.set(desc, fill);
  if (!desc.typeName.startsWith('google.protobuf.')) {
    for (const field of desc.fields) {
      const step = stepOf(field);
      if (step !== undefined) steps.push(step);
    }
  }
  return fill;
}

function maskedFields(json: JsonObject): ReadonlySet<string> {
  const names = json.masked_fields;
  return Array.isArray(names) && names.length > 0 ? new Set(names.map(String)) : nothing;
}

function stepOf(field: DescField): Fill | undefined {
  const { name } = field;
  if (field.fieldKind === 'message') {
    const inner = fillOf(field.message);
    return (json, path, masked) => {
      const value = json[name];
      if (isObject(value)) inner(value, join(path, name), masked);
    };
  }
  if (field.fieldKind === 'list') {
    const inner = field.listKind === 'message' ? fillOf(field.message) : undefined;
    return (json, path, masked) => {
      const value = json[name];
      if (value === undefined) setUnlessMasked(json, name, [], path, masked);
      else if (inner !== undefined && Array.isArray(value)) {
        for (const element of value) if (isObject(element)) inner(element, join(path, name), masked);
      }
    };
  }
  const zero = zeroOf(field);
  if (zero === undefined) return undefined;
  return (json, path, masked) => {
    if (json[name] === undefined) setUnlessMasked(json, name, zero, path, masked);
  };
}

function setUnlessMasked(
  json: JsonObject,
  name: string,
  value: JsonValue,
  path: string,
  masked: ReadonlySet<string>,
): void {
  if (masked.size === 0 || !masked.has(join(path, name))) json[name] = value;
}

/** What an absent number or truth value stands for; fields that can be "not set" stay absent. */
function zeroOf(field: DescField): JsonValue | undefined {
  if (field.fieldKind !== 'scalar' || field.oneof !== undefined || field.proto.proto3Optional)
    return undefined;
  const { scalar } = field;
  if (scalar === ScalarType.STRING || scalar === ScalarType.BYTES) return undefined;
  if (scalar === ScalarType.BOOL) return false;
  return bigIntegers.has(scalar) ? '0' : 0;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
