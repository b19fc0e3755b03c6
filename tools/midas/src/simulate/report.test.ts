import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reportText, writeReport } from './report.ts';

const measure = {
  id: 'marac_2017.repeat_percent',
  value: 34,
  numerator: 64,
  denominator: 188,
  period: '2017-01-01/2017-12-31',
  cohort: 'Cases referred to MARAC',
  source: 'risk',
  definition: 'Repeats as a percentage of cases referred.',
};
const report = {
  measures: [measure, { ...measure, id: 'incidents.total', value: 4727 }],
  notes: ['Do not compare.'],
};

describe('the report', () => {
  it('reads as a table with its period, cohort, definition and notes', () => {
    const text = reportText(report);
    expect(text).toMatch(
      /marac_2017\.repeat_percent +34\.0 % +2017-01-01\/2017-12-31 +Cases referred to MARAC/,
    );
    expect(text).toMatch(/incidents\.total +4,727 /);
    expect(text).toContain('Repeats as a percentage of cases referred. Source: risk.');
    expect(text).toContain('Do not compare.');
  });

  it('is written with exactly the fields asked for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'report-'));
    try {
      const file = join(folder, 'report.json');
      await writeReport(file, report);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ measures: report.measures });
      expect(Object.keys(measure)).toEqual(
        'id,value,numerator,denominator,period,cohort,source,definition'.split(','),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
