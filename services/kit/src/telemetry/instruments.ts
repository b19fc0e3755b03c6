import { type Attributes, metrics, type ObservableGauge } from '@opentelemetry/api';

/** One metric as infra/telemetry/metrics.json registers it. */
export interface MetricDefinition {
  readonly name: string;
  readonly kind: 'histogram' | 'counter' | 'gauge';
  readonly unit: string;
  readonly help: string;
  readonly labels: readonly string[];
}

// 1 ms to 10 s, dense where the time limits of the platform lie.
const secondsBuckets = [0.001, 0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const options = ({ unit, help }: MetricDefinition): { unit: string; description: string } => ({
  unit,
  description: help,
});

/** Every metric of the code, in order of definition. */
export const defined: MetricDefinition[] = [];

// Instruments are made at first use: before telemetry has started, the API hands out ones that count nothing.
function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const meter = () => metrics.getMeter('midas');

/** A duration in seconds. */
export function histogram<L extends Attributes>(
  definition: MetricDefinition,
): (seconds: number, labels: L) => void {
  defined.push(definition);
  const instrument = lazily(() =>
    meter().createHistogram(definition.name, {
      ...options(definition),
      advice: { explicitBucketBoundaries: secondsBuckets },
    }),
  );
  return (seconds, labels) => instrument().record(seconds, labels);
}

/** A count that only grows. */
export function counter<L extends Attributes>(
  definition: MetricDefinition,
): (labels: L, by?: number) => void {
  defined.push(definition);
  const instrument = lazily(() => meter().createCounter(definition.name, options(definition)));
  return (labels, by = 1) => instrument().add(by, labels);
}

/** A value that is read when the metrics are asked for; `undefined` leaves it out. Returns how to stop observing. */
export type Observe<L extends Attributes> = (
  labels: L,
  read: () => Promise<number | undefined>,
) => () => void;

export function gauge<L extends Attributes>(definition: MetricDefinition): Observe<L> {
  defined.push(definition);
  const instrument = lazily<ObservableGauge>(() =>
    meter().createObservableGauge(definition.name, options(definition)),
  );
  return (labels, read) => {
    const observed = instrument();
    const callback: Parameters<ObservableGauge['addCallback']>[0] = async (result) => {
      // A dependency that is away makes its gauges NaN, since the last value would look like news; the rest must come.
      const value = await read().catch(() => Number.NaN);
      if (value !== undefined) result.observe(value, labels);
    };
    observed.addCallback(callback);
    return () => observed.removeCallback(callback);
  };
}
