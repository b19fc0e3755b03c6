import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { privacyOf } from '@midas/kit';
import { commentOf } from './comments.ts';
import { type JsonSchema, keywords, rulesOf } from './rules.ts';

/** Which way a message goes: what is required of a request may be masked in an answer. */
export type Direction = 'in' | 'out';

const integer = (format: string): JsonSchema => ({ type: 'integer', format });
const bigInteger: JsonSchema = { type: 'string', format: 'int64', pattern: '^-?[0-9]+$' };

const scalars: Readonly<Record<ScalarType, JsonSchema>> = {
  [ScalarType.STRING]: { type: 'string' },
  [ScalarType.BOOL]: { type: 'boolean' },
  [ScalarType.BYTES]: { type: 'string', contentEncoding: 'base64' },
  [ScalarType.DOUBLE]: { type: 'number' },
  [ScalarType.FLOAT]: { type: 'number' },
  [ScalarType.INT32]: integer('int32'),
  [ScalarType.SINT32]: integer('int32'),
  [ScalarType.SFIXED32]: integer('int32'),
  [ScalarType.UINT32]: { ...integer('int64'), minimum: 0 },
  [ScalarType.FIXED32]: { ...integer('int64'), minimum: 0 },
  [ScalarType.INT64]: bigInteger,
  [ScalarType.SINT64]: bigInteger,
  [ScalarType.SFIXED64]: bigInteger,
  [ScalarType.UINT64]: bigInteger,
  [ScalarType.FIXED64]: bigInteger,
};

/** Name of a message in the document, e.g. `referral.v1.Referral`; what is sent has `Input` behind it. */
export function schemaId(desc: DescMessage, direction: Direction): string {
  const name = desc.typeName.replace(/^midas\./, '');
  return direction === 'out' || name.endsWith('Request') ? name : `${name}Input`;
}

/** The JSON Schema of a message. `without` names fields that come another way, such as in the path. */
export function messageSchema(
  desc: DescMessage,
  direction: Direction,
  without: readonly string[] = [],
): JsonSchema {
  const fields = desc.fields.filter((field) => !without.includes(field.name));
  const required = fields
    .filter((field) => direction === 'in' && rulesOf(field)?.required)
    .map((field) => field.name);
  const description = commentOf(desc);
  return {
    type: 'object',
    ...(description === '' ? {} : { description }),
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field, direction)])),
    ...(required.length > 0 ? { required } : {}),
    ...(direction === 'in' ? { additionalProperties: false } : {}),
  };
}

/** The JSON Schema of one field, with its rules, its privacy class and its comment. */
export function fieldSchema(field: DescField, direction: Direction): JsonSchema {
  const rules = rulesOf(field);
  const { description: words, ...limits } = direction === 'in' ? keywords(rules) : {};
  const description = [commentOf(field), words]
    .filter((text) => typeof text === 'string' && text !== '')
    .join(' ');
  const privacy = privacyOf(field);
  const type = typeSchema(field, direction);
  return {
    ...type,
    ...limits,
    // A zero value that `required` refuses is not offered either.
    ...(field.fieldKind === 'enum'
      ? { enum: enumNames(field.enum, rules?.required !== true && direction === 'in') }
      : {}),
    ...(description === '' ? {} : { description }),
    ...(privacy === 'NONE' ? {} : { 'x-midas-privacy': privacy }),
  };
}

function typeSchema(field: DescField, direction: Direction): JsonSchema {
  switch (field.fieldKind) {
    case 'scalar':
      return scalars[field.scalar];
    case 'enum':
      return { type: 'string' };
    case 'message':
      return referenceTo(field.message, direction);
    case 'list': {
      const type = rulesOf(field)?.type;
      const limits = direction === 'in' && type?.case === 'repeated' ? keywords(type.value.items) : {};
      return { type: 'array', items: { ...elementSchema(field, direction), ...limits } };
    }
    case 'map':
      return { type: 'object', additionalProperties: elementSchema(field, direction) };
  }
}

function elementSchema(field: DescField & { fieldKind: 'list' | 'map' }, direction: Direction): JsonSchema {
  if (field.message !== undefined) return referenceTo(field.message, direction);
  if (field.enum !== undefined) return { type: 'string', enum: enumNames(field.enum, false) };
  return scalars[field.scalar];
}

function enumNames(desc: DescEnum, withZero: boolean): readonly string[] {
  return desc.values.filter((value) => withZero || value.number !== 0).map((value) => value.name);
}

function referenceTo(desc: DescMessage, direction: Direction): JsonSchema {
  switch (desc.typeName) {
    case 'google.protobuf.Timestamp':
      return { type: 'string', format: 'date-time' };
    case 'google.protobuf.Duration':
      return { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]+)?s$' };
    case 'google.protobuf.FieldMask':
      return { type: 'string' };
  }
  if (desc.typeName.startsWith('google.protobuf.')) return {};
  return { $ref: `${schemaId(desc, direction)}#` };
}
