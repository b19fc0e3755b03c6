import type { Count, MeasureDefinition } from './measures.ts';

export interface Measured {
  readonly id: string;
  readonly value: number;
  /** Of a percentage: what was counted, out of how many. Of a count: the count, and 0. */
  readonly numerator: number;
  readonly denominator: number;
  /** "first/last" day, inclusive. */
  readonly period: string;
  readonly cohort: string;
  readonly source: string;
  readonly definition: string;
}

/** The counts that a measure needs, in the order in which `measured` takes them. */
export function countsOf(measure: MeasureDefinition): readonly Count[] {
  return measure.kind === 'count' ? [measure.count] : [measure.part, measure.whole];
}

/** A row of the report from the numbers counted for `countsOf` its measure. */
export function measured(
  measure: MeasureDefinition,
  [numerator = 0, denominator = 0]: readonly number[],
): Measured {
  const { id, cohort, source, definition } = measure;
  const value = measure.kind === 'count' ? numerator : percent(numerator, denominator, measure.decimals);
  const period = `${measure.period.first}/${measure.period.last}`;
  return { id, value, numerator, denominator, period, cohort, source, definition };
}

/** `part` of `whole` as a percentage, halves rounded up at the given decimals; 0 of 0 is 0. */
export function percent(part: number, whole: number, decimals: number): number {
  if (whole === 0) return 0;
  const unit = 10 ** decimals;
  // Whole numbers until the last division, so that an exact half is not lost to binary fractions.
  return Math.floor((200 * unit * part + whole) / (2 * whole)) / unit;
}
