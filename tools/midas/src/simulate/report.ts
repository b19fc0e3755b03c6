import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { userError } from '../errors.ts';
import { ACTORS, purposeOf } from './plan/actors.ts';
import { type Http, textAt } from './send/http.ts';
import type { Tokens } from './send/tokens.ts';

const measure = z.object({
  id: z.string(),
  value: z.number(),
  numerator: z.number().default(0),
  denominator: z.number().default(0),
  period: z.string().default(''),
  cohort: z.string().default(''),
  source: z.string().default(''),
  definition: z.string().default(''),
});
const reportAnswer = z.object({ measures: z.array(measure), notes: z.array(z.string()).default([]) });

export type Measure = Readonly<z.infer<typeof measure>>;
/** The commissioners' report as the platform answers it. */
export type CommissionersReport = Readonly<z.infer<typeof reportAnswer>>;

/** Asks for the report as a commissioner of the council. Rejects with a user error when it is refused. */
export async function fetchReport(
  gatewayUrl: string,
  http: Http,
  tokens: Tokens,
): Promise<CommissionersReport> {
  const headers = {
    authorization: `Bearer ${await tokens.of(ACTORS.commissioner)}`,
    accept: 'application/json',
    'x-purpose': purposeOf(ACTORS.commissioner),
  };
  const answer = await http({ method: 'GET', url: `${gatewayUrl}/v1/reports/commissioners`, headers });
  const read = reportAnswer.safeParse(answer.json);
  if (answer.status === 200 && read.success) return read.data;
  const slug = textAt(answer.json, 'slug') ?? 'not a report';
  throw userError(
    `The commissioners' report was refused: ${answer.status} ${slug}.`,
    'Look at `midas status` and `midas logs`; started again, the replay goes on from there.',
  );
}

/** Writes `{"measures": […]}` with exactly the fields of a measure. */
export async function writeReport(file: string, { measures }: CommissionersReport): Promise<void> {
  await writeFile(file, `${JSON.stringify({ measures }, null, 2)}\n`);
}

const WIDTH = 100;

/** The report for a person: one row a measure, then what each counts, then the papers' notes. */
export function reportText({ measures, notes }: CommissionersReport): string {
  const rows = measures.map(
    ({ id, value, period, cohort }) => [id, shown(id, value), period, cohort] as const,
  );
  const head = ['measure', 'value', 'period', 'cohort'] as const;
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const definitions = measures.flatMap(({ id, definition, source }) => [
    `  ${id}`,
    ...wrapped(`${definition} Source: ${source}.`, '    '),
  ]);
  return [
    'Commissioners’ report',
    '',
    line(head),
    line(widths.map((width) => '─'.repeat(width))),
    ...rows.map(line),
    '',
    'What each counts',
    ...definitions,
    '',
    'Notes',
    ...notes.flatMap((note) => wrapped(note, '  ')),
    '',
  ].join('\n');
}

const shown = (id: string, value: number): string =>
  id.endsWith('repeat_percent')
    ? `${value.toFixed(1)} %`
    : id.endsWith('_percent')
      ? `${value} %`
      : value.toLocaleString('en-GB');

/** Lines of at most 100 characters. */
function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let current = indent.trimEnd();
  for (const word of text.split(/\s+/)) {
    if (current.length + word.length + 1 > WIDTH && current.trim() !== '') {
      lines.push(current);
      current = `${indent}${word}`;
    } else current = current.trim() === '' ? `${indent}${word}` : `${current} ${word}`;
  }
  return [...lines, current];
}
