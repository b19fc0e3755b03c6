import { createReadStream, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { userError } from '../errors.ts';
import { logFileOf } from '../process/detached.ts';
import { listServices } from '../services.ts';

const BACKING = ['postgres', 'nats', 'keycloak'];

const sizeOf = async (file: string): Promise<number> =>
  stat(file).then(
    (found) => found.size,
    () => 0,
  );

const TAIL_BYTES = 256 * 1024;

/** The last lines of a file, and where it ended. */
const tailOf = async (
  file: string,
  lines: number,
): Promise<{ readonly text: readonly string[]; readonly end: number }> => {
  const end = await sizeOf(file);
  if (end === 0) return { text: [], end };
  const start = Math.max(0, end - TAIL_BYTES);
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
    return { text: buffer.toString('utf8').trimEnd().split('\n').slice(-lines), end };
  } finally {
    await handle.close();
  }
};

const readFrom = async (
  file: string,
  start: number,
): Promise<{ readonly text: string; readonly end: number }> => {
  const end = await sizeOf(file);
  // Shorter than before: it was begun anew.
  const from = end < start ? 0 : start;
  if (end === from) return { text: '', end };
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { start: from, end: end - 1 })) chunks.push(chunk);
  return { text: Buffer.concat(chunks).toString('utf8'), end };
};

const follow = async (
  file: string,
  from: number,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  let position = from;
  let rest = '';
  const watcher = watch(file, { signal });
  const look = async (): Promise<void> => {
    const { text, end } = await readFrom(file, position);
    position = end;
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(print);
  };
  let looking = look();
  watcher.on('change', () => {
    looking = looking.then(look);
  });
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await looking;
};

export type LogsOptions = {
  readonly home: string;
  /** One process; all of them, each line with its name, when left out. */
  readonly name?: string;
  readonly lines: number;
  readonly follow: boolean;
  readonly print: (line: string) => void;
  /** Ends following. */
  readonly signal: AbortSignal;
};

/** Prints the end of the logs and, when asked, what is added to them until the signal comes. */
export const showLogs = async (options: LogsOptions): Promise<void> => {
  const known = [...BACKING, ...(await listServices())];
  if (options.name && !known.includes(options.name))
    throw userError(`There is no process ${options.name}.`, `Known: ${known.join(', ')}.`);
  const names = options.name ? [options.name] : known;
  const following = names.map(async (name) => {
    const file = logFileOf(options.home, name);
    const print = options.name ? options.print : (line: string) => options.print(`${name} | ${line}`);
    const { text, end } = await tailOf(file, options.lines);
    text.forEach(print);
    if (options.follow && end > 0) await follow(file, end, print, options.signal);
  });
  await Promise.all(following);
};
