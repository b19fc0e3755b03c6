/** Times of the same calls made in pairs, in milliseconds: place n of both lists is one pair. */
export interface Pairs {
  readonly one: readonly number[];
  readonly other: readonly number[];
}

/**
 * Wilcoxon's signed-rank statistic of the pairs' ratios, as a standard normal deviate: 0 when neither side is the
 * slower one, large when one side is, however the times themselves are distributed. Ratios, so that calls that
 * take long and calls that take a moment weigh the same.
 */
export function signedRank({ one, other }: Pairs): number {
  const ratios = one.map((time, at) => Math.log(time / (other[at] ?? Number.NaN)));
  if (ratios.some(Number.isNaN) || one.length !== other.length) throw new Error('the times come in no pairs');
  const apart = ratios.filter((ratio) => ratio !== 0);
  const ranks = ranksOf(apart.map(Math.abs));
  const positive = apart.reduce((sum, ratio, at) => sum + (ratio > 0 ? (ranks[at] ?? 0) : 0), 0);
  const n = apart.length;
  const spread = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24);
  return spread === 0 ? 0 : (positive - (n * (n + 1)) / 4) / spread;
}

/** Of 30,000 runs in which the two sides are alike, one goes beyond four standard deviations. */
const furthest = 4;

/** Whether the times say that one side takes longer than the other. */
export const differ = (pairs: Pairs): boolean => Math.abs(signedRank(pairs)) > furthest;

// Equal values share the mean of their ranks.
function ranksOf(values: readonly number[]): readonly number[] {
  const order = values.map((value, at) => ({ value, at })).sort((a, b) => a.value - b.value);
  const ranks: number[] = [];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && order[to + 1]?.value === order[from]?.value) to++;
    for (const { at } of order.slice(from, to + 1)) ranks[at] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}
