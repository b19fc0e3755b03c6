/**
 * Answers of `load` by key, each kept for a moment; those who ask for the same key meanwhile share one load. `anew` loads
 * whatever is kept.
 */
export type Briefly<T> = (key: string, load: () => Promise<T>, anew?: boolean) => Promise<T>;

const remembered = 10_000;

/** Keeps each answer for at most `ms` milliseconds from when it was asked for. A failure is not kept. */
export function briefly<T>(ms: number, now: () => number = () => performance.now()): Briefly<T> {
  const known = new Map<string, { readonly value: Promise<T>; readonly until: number }>();
  return (key, load, anew = false) => {
    const at = now();
    const held = known.get(key);
    if (held !== undefined && held.until > at && !anew) return held.value;
    known.delete(key);
    const oldest = known.keys().next().value;
    if (known.size >= remembered && oldest !== undefined) known.delete(oldest);
    const entry = { value: load(), until: at + ms };
    known.set(key, entry);
    entry.value.catch(() => {
      if (known.get(key) === entry) known.delete(key);
    });
    return entry.value;
  };
}
