import { ScalarType } from '@bufbuild/protobuf';

/** What a scalar is called in an answer, and whether a parsed JSON value is one. */
export interface ScalarRule {
  readonly message: string;
  readonly accepts: (value: unknown) => boolean;
}

const integer = (name: string, least: number, most: number): ScalarRule => ({
  message: `must be ${name}, from ${least} to ${most}`,
  accepts: (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
});

const int32 = integer('a whole number', -(2 ** 31), 2 ** 31 - 1);
const uint32 = integer('a whole number', 0, 2 ** 32 - 1);

// 64-bit integers are text in the JSON mapping of protobuf, in and out: a JSON number would lose digits.
const bigInteger = (least: bigint, most: bigint): ScalarRule => ({
  message: 'must be a whole number written as text, e.g. "42"',
  accepts: (value) => {
    if (typeof value !== 'string' || !/^(0|-?[1-9][0-9]{0,19})$/.test(value)) return false;
    const number = BigInt(value);
    return number >= least && number <= most;
  },
});

const int64 = bigInteger(-(2n ** 63n), 2n ** 63n - 1n);
const uint64 = bigInteger(0n, 2n ** 64n - 1n);
const decimal: ScalarRule = { message: 'must be a number', accepts: Number.isFinite };
const float: ScalarRule = {
  message: 'must be a number that fits 32 bits',
  accepts: (value) => typeof value === 'number' && Number.isFinite(Math.fround(value)),
};
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const rules: Readonly<Record<ScalarType, ScalarRule>> = {
  [ScalarType.STRING]: {
    // NUL cannot be stored as text, and half of a surrogate pair is no character.
    message: 'must be text without NUL and broken characters',
    accepts: (value) => typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000'),
  },
  [ScalarType.BOOL]: { message: 'must be true or false', accepts: (value) => typeof value === 'boolean' },
  [ScalarType.BYTES]: {
    message: 'must be text in base64',
    accepts: (value) => typeof value === 'string' && base64.test(value),
  },
  [ScalarType.DOUBLE]: decimal,
  [ScalarType.FLOAT]: float,
  [ScalarType.INT32]: int32,
  [ScalarType.SINT32]: int32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.UINT32]: uint32,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.INT64]: int64,
  [ScalarType.SINT64]: int64,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.FIXED64]: uint64,
};

/** The strict rule of a scalar: numbers are JSON numbers, text is text, nothing is coerced. */
export function scalarRule(type: ScalarType): ScalarRule {
  return rules[type];
}
