import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What is known of a step that was done. */
export interface Done {
  /** Id that the answer carried. */
  readonly id: string;
  /** ETag of the answer, where a later step of the same actor needs it. */
  readonly etag?: string;
}

/** The steps of one year that are done; kept in a file that survives any death of the process. */
export interface Journal {
  readonly done: ReadonlyMap<string, Done>;
  /** Is on disk (in the system's hands) when it returns. */
  readonly write: (step: string, done: Done) => void;
  readonly close: () => void;
}

const fileOf = (home: string): string => join(home, 'replay.jsonl');

interface Read {
  readonly digest: string;
  readonly done: Map<string, Done>;
  /** Bytes of whole lines; what a death cut off lies behind. */
  readonly length: number;
}

/** The journal of a home; undefined when there is none. */
function readJournal(home: string): Read | undefined {
  let text: string;
  try {
    text = readFileSync(fileOf(home), 'utf8');
  } catch {
    return undefined;
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [digest, ...lines] = whole.split('\n').slice(0, -1);
  if (!digest) return undefined;
  const done = new Map<string, Done>();
  for (const line of lines) {
    const [step, id, etag]: unknown[] = JSON.parse(line);
    if (typeof step !== 'string' || typeof id !== 'string') continue;
    done.set(step, typeof etag === 'string' ? { id, etag } : { id });
  }
  return { digest, done, length: Buffer.byteLength(whole) };
}

/** Which year a home's journal is about, and how many of its steps are done; undefined when nothing was replayed. */
export function replayed(home: string): { readonly digest: string; readonly steps: number } | undefined {
  const found = readJournal(home);
  return found && { digest: found.digest, steps: found.done.size };
}

/** Opens the journal of the year with this digest, or begins one. The caller has checked that no other year is there. */
export function openJournal(home: string, digest: string): Journal {
  mkdirSync(home, { recursive: true });
  const found = readJournal(home);
  const file = openSync(fileOf(home), found ? 'r+' : 'w');
  let position = 0;
  const line = (text: string): void => {
    position += writeSync(file, `${text}\n`, position);
  };
  if (found) {
    ftruncateSync(file, found.length);
    position = found.length;
  } else line(digest);
  const done = found?.done ?? new Map<string, Done>();
  return {
    done,
    write: (step, result) => {
      line(JSON.stringify([step, result.id, ...(result.etag === undefined ? [] : [result.etag])]));
      done.set(step, result);
    },
    close: () => closeSync(file),
  };
}
