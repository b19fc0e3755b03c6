import { isUserError, messageOf } from '../errors.ts';

/** Data for programs, on standard output. */
export const printJson = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
};

export const printLine = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Columns as wide as their widest cell, two spaces between them. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => (cells[column] ?? '').padEnd(width))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
};

/** Says on standard error what went wrong and what to do about it; answers the exit code. */
export const explainFailure = (cause: unknown): number => {
  if (isUserError(cause)) {
    process.stderr.write(`\nmidas: ${cause.message}\n${cause.advice}\n`);
    return cause.exitCode;
  }
  process.stderr.write(`\nmidas: an unexpected error: ${messageOf(cause)}\n`);
  if (cause instanceof Error && cause.stack) process.stderr.write(`${cause.stack}\n`);
  return 70;
};
