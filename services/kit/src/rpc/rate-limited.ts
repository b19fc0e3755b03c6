/**
 * Calls `report` at most `perSecond` times a second; what was left out is counted and told with the next report, so
 * that a flood of refusals does not become a flood of log lines.
 */
export function rateLimited<T>(
  perSecond: number,
  report: (item: T, suppressed: number) => void,
  now: () => number = Date.now,
): (item: T) => void {
  let second = 0;
  let used = 0;
  let suppressed = 0;
  return (item) => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      used = 0;
    }
    if (used >= perSecond) {
      suppressed += 1;
      return;
    }
    used += 1;
    report(item, suppressed);
    suppressed = 0;
  };
}
