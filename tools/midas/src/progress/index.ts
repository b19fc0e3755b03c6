import { linesProgress } from './lines.ts';
import { terminalProgress } from './terminal.ts';

/** How large a piece of work is: counted in steps, or only guessed in seconds. */
export type TaskSize =
  | { readonly total: number; readonly done?: number }
  | { readonly expectedSeconds: number };

/** One piece of work that a person waits for. `done` or `fail` ends it; calls after that do nothing. */
export type Task = {
  /** Adds to the steps done (default 1); `detail` says what is being done now. */
  readonly advance: (by?: number, detail?: string) => void;
  /** Sets the number of steps, when it becomes known or changes. */
  readonly setTotal: (total: number) => void;
  readonly done: (detail?: string) => void;
  readonly fail: (detail?: string) => void;
};

/** Where long work says how far it is. Written to standard error, so standard output stays for data. */
export type Progress = {
  readonly task: (label: string, size?: TaskSize) => Task;
  readonly note: (text: string) => void;
  /** Ends the display; tasks still open are left as they are. */
  readonly close: () => void;
};

const ignore = (): void => undefined;

/** Says nothing: for tests and `--json`. */
export const silentProgress: Progress = {
  task: () => ({ advance: ignore, setTotal: ignore, done: ignore, fail: ignore }),
  note: ignore,
  close: ignore,
};

/** Bars with the time left on a terminal; plain lines where there is none (a log, CI). */
export const createProgress = (stream: NodeJS.WriteStream = process.stderr): Progress =>
  stream.isTTY ? terminalProgress(stream) : linesProgress(stream);

/** Runs `work` as a task of its own: ended as done when it answers, as failed when it throws. */
export const asTask = async <T>(
  progress: Progress,
  label: string,
  work: (task: Task) => Promise<T>,
  size?: TaskSize,
): Promise<T> => {
  const task = progress.task(label, size);
  try {
    const answer = await work(task);
    task.done();
    return answer;
  } catch (cause) {
    task.fail();
    throw cause;
  }
};
