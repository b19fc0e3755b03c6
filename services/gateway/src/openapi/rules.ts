import { type DescField, getOption, hasOption } from '@bufbuild/protobuf';
import {
  type FieldRules,
  field as fieldRules,
  predefined,
  type StringRules,
  StringRulesSchema,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { registry } from '@midas/kit';

/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** The protovalidate rules of a field; undefined when it has none. */
export function rulesOf(field: DescField): FieldRules | undefined {
  return hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
}

/** What JSON Schema can say of the rules of a value: lengths, patterns, ranges, formats. */
export function keywords(rules: FieldRules | undefined): JsonSchema {
  const { type } = rules ?? {};
  switch (type?.case) {
    case 'string':
      return stringKeywords(type.value, rules?.required === true);
    case 'int32':
    case 'uint32':
    case 'sint32':
    case 'double':
    case 'float':
      return {
        ...limit('minimum', type.value.greaterThan, 'gte'),
        ...limit('exclusiveMinimum', type.value.greaterThan, 'gt'),
        ...limit('maximum', type.value.lessThan, 'lte'),
        ...limit('exclusiveMaximum', type.value.lessThan, 'lt'),
      };
    case 'repeated':
      return {
        ...(type.value.minItems > 0n ? { minItems: Number(type.value.minItems) } : {}),
        ...(type.value.maxItems > 0n ? { maxItems: Number(type.value.maxItems) } : {}),
        ...(type.value.unique ? { uniqueItems: true } : {}),
      };
    case 'timestamp':
      return type.value.lessThan.case === 'ltNow' ? { description: 'Not in the future.' } : {};
    default:
      return {};
  }
}

function limit(
  keyword: string,
  bound: { readonly case: string | undefined; readonly value?: unknown },
  kind: string,
): JsonSchema {
  return bound.case === kind ? { [keyword]: bound.value } : {};
}

function stringKeywords(rules: StringRules, required: boolean): JsonSchema {
  const least = rules.minLen > 0n ? Number(rules.minLen) : required ? 1 : 0;
  return {
    ...(least > 0 ? { minLength: least } : {}),
    ...(rules.maxLen > 0n ? { maxLength: Number(rules.maxLen) } : {}),
    ...(rules.pattern === '' ? {} : { pattern: rules.pattern }),
    ...namedFormat(rules),
  };
}

/** The named formats of the contract: `midas.contract.v1.nhs_number` → `format: nhs-number` with its words. */
function namedFormat(rules: StringRules): JsonSchema {
  for (const { no } of rules.$unknown ?? []) {
    const rule = registry.getExtensionFor(StringRulesSchema, no);
    if (rule === undefined) continue;
    const words = hasOption(rule, predefined) ? getOption(rule, predefined).cel[0]?.message : undefined;
    return {
      format: rule.name.replaceAll('_', '-'),
      ...(words === undefined ? {} : { description: sentence(words) }),
    };
  }
  return {};
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
