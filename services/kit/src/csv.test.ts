import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell, csvLine } from './csv.ts';

/** Reads one RFC 4180 line back; a comma before it makes every cell begin alike. */
function cells(line: string): string[] {
  const body = `,${line.replace(/\r\n$/, '')}`;
  return [...body.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/gy)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  );
}

describe('a cell of a CSV file', () => {
  it.each([
    '=1+1',
    '+441634000000',
    '-2+3',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '\0',
    '  =1+1',
    '\uFEFF=1+1',
    '＝1+1',
  ])('is text to a spreadsheet, though it begins like a formula: %j', (text) => {
    expect(csvCell(text)).toBe(`"'${text}"`);
  });

  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "no"', '"say ""no"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['a;=1', '"a;=1"'],
    ['a=b', 'a=b'],
    [' padded ', '" padded "'],
    ['', ''],
    [null, ''],
    [undefined, ''],
    [-12.5, '-12.5'],
    [true, 'true'],
  ])('is quoted where its text needs it: %j', (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });
});

describe('a line of a CSV file', () => {
  it('ends with CRLF', () => {
    expect(csvLine(['a', 1, null])).toBe('a,1,\r\n');
  });

  it('gives back every text, at most with an apostrophe before it, and never one that begins a formula', () => {
    const texts = fc.array(
      fc.tuple(
        fc.constantFrom('', '=', '+', '-', '@', '\t', '\r', '"', ',', ' ', "'"),
        fc.string({ unit: 'binary' }),
      ),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(texts, (parts) => {
        const given = parts.map((part) => part.join(''));
        const read = cells(csvLine(given));
        expect(read).toHaveLength(given.length);
        for (const [index, cell] of read.entries()) {
          expect([given[index], `'${given[index]}`]).toContain(cell);
          expect(cell).not.toMatch(/^(?:\s*[=+\-@]|[\t\r\n\0])/);
        }
      }),
    );
  });
});
