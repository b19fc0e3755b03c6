import type { TaskSize } from './index.ts';

/** How far a task is: `fraction` from 0 to 1, `secondsLeft` only where it can be told. */
export type Estimate = { readonly fraction: number; readonly secondsLeft?: number };

/** Estimates from what was done since this run began, so that work resumed half-way is not thought quick. */
export const estimate = (size: TaskSize, doneNow: number, elapsedSeconds: number): Estimate => {
  if ('expectedSeconds' in size) {
    const fraction = Math.min(0.99, elapsedSeconds / size.expectedSeconds);
    return { fraction, secondsLeft: Math.max(1, size.expectedSeconds - elapsedSeconds) };
  }
  const before = size.done ?? 0;
  const fraction = size.total > 0 ? Math.min(1, (before + doneNow) / size.total) : 0;
  if (doneNow <= 0 || elapsedSeconds < 1) return { fraction };
  const left = Math.max(0, size.total - before - doneNow);
  return { fraction, secondsLeft: (left * elapsedSeconds) / doneNow };
};

/** `75` → `1 min 15 s`; whole seconds. */
export const formatSeconds = (seconds: number): string => {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
