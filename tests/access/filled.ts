import {
  type DescField,
  type DescMessage,
  fromJson,
  getOption,
  hasOption,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { field as fieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { registry, validate } from '@midas/kit';

// What each rule asks for. A rule without a line here stops the test with its name.
const byRule: Readonly<Record<string, JsonValue>> = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  nhs_number: '9434765919',
  uk_postcode: 'ME4 4UH',
  past_date: '1985-04-12',
  phone: '+441634000000',
  code: 'code',
};
// The same of rules over whole messages: the fields that satisfy them.
const byMessageRule: Readonly<Record<string, JsonObject>> = {
  'person_named.enough': { nhs_number: '9434765919' },
  'grant_share.basis': { consent_given: true },
};
const longest = 60;

/**
 * A JSON body that the rules of the contract have nothing against, with little more in it than they ask for:
 * refusals of it are about who asks. Fields named in `known` hold what stands there.
 */
export function filled(desc: DescMessage, known: Readonly<Record<string, string>> = {}): JsonObject {
  const body: Record<string, JsonValue> = {};
  for (const { name } of desc.fields) {
    const value = known[name];
    if (value !== undefined) body[name] = value;
  }
  for (let step = 0; step < longest; step++) {
    const [violation] = validate(desc, fromJson(desc, body, { registry }));
    if (violation === undefined) return body;
    mend(desc, body, violation);
  }
  throw new Error(`${desc.typeName} could not be filled: ${JSON.stringify(body)}`);
}

function mend(
  desc: DescMessage,
  body: Record<string, JsonValue>,
  { field: path, rule }: { readonly field: string; readonly rule: string },
): void {
  const more = byMessageRule[rule];
  if (more !== undefined && path === '') {
    Object.assign(body, more);
    return;
  }
  const steps = [...path.matchAll(/([a-z0-9_]+)|\[(\d+)\]/g)];
  let holder: Record<string, JsonValue> | JsonValue[] = body;
  let at: DescMessage | undefined = desc;
  let field: DescField | undefined;
  for (const [place, [, name, index]] of steps.entries()) {
    const key = name ?? Number(index);
    if (name !== undefined) field = at?.fields.find((each) => each.name === name);
    at = field?.message;
    const current: JsonValue | undefined = (holder as Record<string | number, JsonValue>)[key];
    if (place === steps.length - 1) {
      (holder as Record<string | number, JsonValue>)[key] = mended(field, rule, current);
      return;
    }
    holder = current as Record<string, JsonValue> | JsonValue[];
  }
  throw new Error(`${desc.typeName}: nothing is known that satisfies the rule ${rule} of "${path}"`);
}

function mended(field: DescField | undefined, rule: string, current: JsonValue | undefined): JsonValue {
  const known = byRule[rule] ?? byMessageRule[rule];
  if (known !== undefined) return known;
  if (rule === 'string.in' && field !== undefined) return permitted(field);
  if (rule === 'string.min_len' && typeof current === 'string')
    return current.padEnd(current.length * 2, 'x');
  if (rule === 'timestamp.gt_now') return new Date(Date.now() + 86_400_000).toISOString();
  if (rule === 'repeated.min_items' || field?.fieldKind === 'list') {
    return [...(Array.isArray(current) ? current : []), field === undefined ? {} : first(field)];
  }
  if (rule === 'required' && field !== undefined) return first(field);
  throw new Error(`${field?.toString()}: no value is known for the rule ${rule}`);
}

/** The first of the values that a rule lists. */
function permitted(field: DescField): string {
  const { type } = (hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined) ?? {};
  return (type?.case === 'string' ? type.value.in[0] : undefined) ?? '';
}

function first(field: DescField): JsonValue {
  if (field.message?.typeName === 'google.protobuf.Timestamp') return '2018-01-02T09:00:00Z';
  if (field.message !== undefined) return {};
  if (field.enum !== undefined) return field.enum.values[1]?.name ?? '';
  return field.scalar === ScalarType.STRING ? 'x' : 1;
}
