import { estimate, formatSeconds } from './estimate.ts';
import type { Progress, TaskSize } from './index.ts';

const EVERY_MS = 10_000;

/** Progress as plain lines: one when a task ends, and one every ten seconds while it lasts. */
export const linesProgress = (stream: NodeJS.WritableStream): Progress => {
  const timers = new Set<NodeJS.Timeout>();
  const line = (text: string): void => {
    stream.write(`${text}\n`);
  };
  return {
    task: (label, size) => {
      const begun = Date.now();
      let current: TaskSize | undefined = size;
      let doneNow = 0;
      let detail = '';
      const elapsed = (): number => (Date.now() - begun) / 1000;
      const timer = setInterval(() => {
        if (!current) return line(`  …  ${label} ${formatSeconds(elapsed())}`);
        const { fraction, secondsLeft } = estimate(current, doneNow, elapsed());
        const left = secondsLeft === undefined ? '' : `, about ${formatSeconds(secondsLeft)} left`;
        line(`  …  ${label} ${Math.floor(fraction * 100)} %${left}${detail && ` (${detail})`}`);
      }, EVERY_MS).unref();
      timers.add(timer);
      const end = (mark: string, text = ''): void => {
        if (!timers.delete(timer)) return;
        clearInterval(timer);
        line(`  ${mark}  ${label}${text && `: ${text}`} (${elapsed().toFixed(1)} s)`);
      };
      return {
        advance: (by = 1, now) => {
          doneNow += by;
          if (now !== undefined) detail = now;
        },
        setTotal: (total) => {
          current = { total, done: current && 'done' in current ? (current.done ?? 0) : 0 };
        },
        done: (text) => end('✓', text),
        fail: (text) => end('✗', text),
      };
    },
    note: line,
    close: () => {
      for (const timer of timers) clearInterval(timer);
      timers.clear();
    },
  };
};
