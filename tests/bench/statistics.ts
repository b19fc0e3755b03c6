/** Milliseconds of each call, and how long all of them took together. */
export interface Timings {
  readonly milliseconds: readonly number[];
  readonly seconds: number;
}

/** The value that `share` (0 to 1) of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const perSecond = ({ milliseconds, seconds }: Timings): number => milliseconds.length / seconds;

/** Runs `work` over and over in `lanes` at once until `seconds` are over; the first second of each lane is warm-up and not counted. */
export async function loop(
  lanes: number,
  seconds: number,
  work: (turn: number) => Promise<void>,
): Promise<Timings> {
  const milliseconds: number[] = [];
  let turn = 0;
  const warmUntil = performance.now() + 1_000;
  const end = warmUntil + seconds * 1_000;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      const begun = performance.now();
      await work(turn++);
      const now = performance.now();
      if (begun >= warmUntil && now <= end) milliseconds.push(now - begun);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { milliseconds, seconds };
}

/** Runs `work` at a steady rate for `seconds`, whatever each call takes. */
export async function steady(
  rate: number,
  seconds: number,
  work: (turn: number) => Promise<void>,
): Promise<Timings> {
  const milliseconds: number[] = [];
  const begun = performance.now();
  const calls: Promise<void>[] = [];
  let failure: { readonly cause: unknown } | undefined;
  for (let turn = 0; turn < rate * seconds && failure === undefined; turn++) {
    const due = begun + (turn * 1_000) / rate;
    const wait = due - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    const started = performance.now();
    calls.push(
      work(turn).then(
        () => void milliseconds.push(performance.now() - started),
        (cause: unknown) => {
          failure ??= { cause };
        },
      ),
    );
  }
  await Promise.all(calls);
  if (failure !== undefined) throw failure.cause;
  return { milliseconds, seconds: (performance.now() - begun) / 1_000 };
}
