import { DomainError } from '@midas/kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from './parse.ts';

const parse = (text: string, depth = 32) => parseJson(Buffer.from(text), depth);
const slugOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error.slug;
    throw error;
  }
  return 'accepted';
};

describe('parseJson', () => {
  it('reads whatever JSON.stringify writes, spaced or not', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2), (value, space) => {
        expect(parse(JSON.stringify(value, null, space))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('refuses text cut short at any place', () => {
    const text = JSON.stringify({ a: 'x"\\', b: [{ c: -1.5e3 }, null, true] });
    for (let end = 0; end < text.length; end += 1) {
      expect(slugOf(() => parse(text.slice(0, end)))).toBe('malformed-json');
    }
  });

  it('accepts nesting up to the limit and not beyond', () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    expect(slugOf(() => parse(nested(32)))).toBe('accepted');
    expect(slugOf(() => parse(nested(33)))).toBe('json-too-deep');
    expect(slugOf(() => parse(nested(200_000)))).toBe('json-too-deep');
    expect(slugOf(() => parse('{"a":'.repeat(33)))).toBe('json-too-deep');
  });

  it('does not count brackets within text', () => {
    expect(parse(JSON.stringify({ a: '[{'.repeat(50), b: '\\"[' }))).toEqual({
      a: '[{'.repeat(50),
      b: '\\"[',
    });
  });

  it('refuses a key named twice in one object, also when one is escaped', () => {
    expect(slugOf(() => parse('{"a":1,"a":1}'))).toBe('malformed-json');
    expect(slugOf(() => parse('{"a":1,"b":{"x":[1,{"y":2}],"x":3}}'))).toBe('malformed-json');
    expect(slugOf(() => parse('{"a":1,"\\u0061":2}'))).toBe('malformed-json');
    expect(slugOf(() => parse('[{"a":1},{"a":1},{"b":{"a":"a"}}]'))).toBe('accepted');
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(slugOf(() => parseJson(Buffer.from([0x22, 0xc3, 0x28, 0x22]), 32))).toBe('malformed-json');
  });

  it('never repeats the body in its refusal', () => {
    const secret = 'Jane Roe 9434765919';
    expect(() => parse(`{"a": ${secret}}`)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('Jane') }),
    );
  });
});
