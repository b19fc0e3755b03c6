import { MultiBar } from 'cli-progress';
import { estimate, formatSeconds } from './estimate.ts';
import type { Progress, TaskSize } from './index.ts';

const WIDTH = 24;

const bar = (fraction: number): string => {
  const full = Math.round(fraction * WIDTH);
  return '█'.repeat(full) + '░'.repeat(WIDTH - full);
};

type Payload = { label: string; text: string };

/** Progress as bars that are redrawn in place; a finished task leaves one line above them. */
export const terminalProgress = (stream: NodeJS.WriteStream): Progress => {
  const bars = new MultiBar({
    stream,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: true,
    forceRedraw: true,
    fps: 8,
    gracefulExit: false,
    format: (_options, _parameters, payload: Payload) => `  ${payload.text}  ${payload.label}`,
  });
  const timers = new Set<NodeJS.Timeout>();
  return {
    task: (label, size) => {
      const begun = Date.now();
      let current: TaskSize | undefined = size;
      let doneNow = 0;
      let detail = '';
      const elapsed = (): number => (Date.now() - begun) / 1000;
      const payload = (): Payload => {
        const shown = current ? estimate(current, doneNow, elapsed()) : { fraction: 0 };
        const left =
          shown.secondsLeft === undefined
            ? formatSeconds(elapsed())
            : `ETA ${formatSeconds(shown.secondsLeft)}`;
        const percent = current ? `${String(Math.floor(shown.fraction * 100)).padStart(3)} %` : '  …  ';
        return {
          text: `${bar(shown.fraction)} ${percent}  ${left}`,
          label: detail ? `${label}: ${detail}` : label,
        };
      };
      const shown = bars.create(1, 0, payload());
      const timer = setInterval(() => shown.update(payload()), 200).unref();
      timers.add(timer);
      const end = (mark: string, text = ''): void => {
        if (!timers.delete(timer)) return;
        clearInterval(timer);
        bars.remove(shown);
        bars.log(`  ${mark} ${label}${text && `: ${text}`} (${elapsed().toFixed(1)} s)\n`);
        bars.update();
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
    note: (text) => {
      bars.log(`${text}\n`);
      bars.update();
    },
    close: () => {
      for (const timer of timers) clearInterval(timer);
      timers.clear();
      bars.stop();
    },
  };
};
