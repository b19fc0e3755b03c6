import { DomainError } from '@midas/kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from './parse.ts';

const bounds = { depth: 32, values: 1_000 };
const parse = (text: string) => parseJson(Buffer.from(text), bounds);
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

  it('accepts as many values as the limit and not many more, in one list, one object or over many', () => {
    const list = (length: number) => JSON.stringify(new Array(length).fill(0));
    const object = (keys: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: keys }, (_value, at) => [`k${at}`, 0])));
    const spread = (rows: number) => JSON.stringify(new Array(rows).fill({ a: [] }));
    for (const body of [list(1_000), object(1_000), spread(300)])
      expect(slugOf(() => parse(body))).toBe('accepted');
    for (const body of [list(1_002), object(1_002), spread(400)])
      expect(slugOf(() => parse(body))).toBe('json-too-many');
    expect(slugOf(() => parse(JSON.stringify({ a: ',[{'.repeat(2_000) })))).toBe('accepted');
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
    expect(slugOf(() => parseJson(Buffer.from([0x22, 0xc3, 0x28, 0x22]), bounds))).toBe('malformed-json');
  });

  it('never repeats the body in its refusal', () => {
    const secret = 'Jane Roe 9434765919';
    expect(() => parse(`{"a": ${secret}}`)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('Jane') }),
    );
  });
});
