/** What one cell may hold. */
export type CsvValue = string | number | boolean | null | undefined;

/**
 * How a spreadsheet would begin to read a formula, in the full-width forms too and after spaces, which some programs
 * drop; and the control characters that move what follows into another cell (OWASP, CSV Injection; ASVS 5.0 1.2.10).
 */
const formula = /^(?:[\s\u200B\u2060\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r\n\0])/u;

// The semicolon and the tab are separators to a spreadsheet of another country.
const needsQuotes = /[",;\t\r\n]|^\s|\s$/;

/**
 * One cell as RFC 4180 writes it. A text that a spreadsheet would take for a formula begins with an apostrophe, which
 * makes it text again; a number is written as it is, minus sign included.
 */
export function csvCell(value: CsvValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return text.startsWith("'") || needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One line of a file, its end (CRLF) included. */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}
