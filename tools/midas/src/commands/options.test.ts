import { describe, expect, it } from 'vitest';
import { parseLines, parsePort, parseScale, parseSeed } from './options.ts';
import { table } from './output.ts';

describe('options', () => {
  it.each([
    [parseSeed, '7', 7],
    [parseSeed, '0', 0],
    [parseScale, '0.05', 0.05],
    [parseScale, '1', 1],
    [parsePort, '8080', 8080],
    [parseLines, '0', 0],
  ])('%o takes %s', (parse, text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each([
    [parseSeed, '1.5'],
    [parseSeed, '-1'],
    [parseSeed, ''],
    [parseScale, '0'],
    [parseScale, 'much'],
    [parseScale, '6'],
    [parsePort, '0'],
    [parsePort, '70000'],
    [parsePort, 'http'],
    [parseLines, 'all'],
  ])('%o refuses "%s"', (parse, text) => {
    expect(() => parse(text)).toThrow(/It must be/);
  });
});

describe('a table', () => {
  it('makes columns as wide as their widest cell', () => {
    expect(table(['a', 'name'], [['12345', 'x'], ['1']])).toBe('a      name\n12345  x\n1');
  });
});
