const LINE = /^([a-zA-Z_:][\w:]*)(\{[^}]*\})?\s+(\S+)/;

/**
 * The sum of a gauge over its labels in Prometheus's text format; undefined when the process does not show it.
 * Values that are no numbers are left out.
 */
export const gaugeSum = (text: string, name: string): number | undefined => {
  let sum: number | undefined;
  for (const line of text.split('\n')) {
    const found = LINE.exec(line);
    const value = found?.[1] === name ? Number(found[3]) : Number.NaN;
    if (Number.isFinite(value)) sum = (sum ?? 0) + value;
  }
  return sum;
};
