import { type DescField, type JsonValue, ScalarType } from '@bufbuild/protobuf';

const decimal = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/**
 * Text of a path or query parameter as the JSON value of the field, or what it must be. Only numbers and truth
 * values need reading; text, names of enums and times are checked with the rest of the message.
 */
export function readParameter(field: DescField, text: string): { json: JsonValue } | { message: string } {
  const scalar = field.fieldKind === 'scalar' || field.fieldKind === 'list' ? field.scalar : undefined;
  switch (scalar) {
    case ScalarType.BOOL:
      return text === 'true' || text === 'false'
        ? { json: text === 'true' }
        : { message: 'must be true or false' };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return decimal.test(text) ? { json: Number(text) } : { message: 'must be a number' };
    default:
      return { json: text };
  }
}
