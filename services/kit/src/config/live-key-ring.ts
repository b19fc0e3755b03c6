import { timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { type KeyRing, parseKeyRing } from './key-ring.ts';

/** Where a process has its keys from: the text itself, or the file that holds it. */
export interface KeyRingSource {
  readonly text: string;
  readonly file?: string | undefined;
}

export interface LiveKeyRing extends KeyRing {
  readonly refresh: () => void;
  /** Told whenever another ring was taken over. Returns how to stop being told. */
  readonly onChange: (told: () => void) => () => void;
  readonly close: () => void;
}

interface Options {
  readonly log: {
    info(fields: object, text: string): void;
    error(fields: object, text: string): void;
  };
  /** How often the file is looked at. */
  readonly pollMs?: number;
}

/**
 * A key ring that follows its file: whoever holds it seals with the new active key once the file names one, without a
 * restart. A file that is not valid, gives a known key other bytes or names another lasting key is not taken over, and
 * is said to be so once.
 * A ring that came as text stays as it is.
 */
export function liveKeyRing({ text, file }: KeyRingSource, { log, pollMs = 1_000 }: Options): LiveKeyRing {
  let ring = parseKeyRing(text);
  let seen = text;
  let stamp = '';
  const told = new Set<() => void>();

  const refresh = (): void => {
    if (file === undefined) return;
    const now = stampOf(file);
    if (now === stamp) return;
    // Remembered whatever comes of it, so that one bad file is one line in the log.
    stamp = now;
    try {
      const content = readFileSync(file, 'utf8').trim();
      if (content === seen) return;
      ring = takenOver(ring, parseKeyRing(content));
      seen = content;
    } catch (error) {
      log.error({ error }, 'the key ring was not taken over; the one before stays in force');
      return;
    }
    log.info({ keys: Object.keys(ring.keys), active: ring.active, index: ring.index }, 'another key ring');
    for (const tell of told) tell();
  };
  const timer = file === undefined ? undefined : setInterval(refresh, pollMs).unref();
  return {
    get active() {
      return ring.active;
    },
    get index() {
      return ring.index;
    },
    get lasting() {
      return ring.lasting;
    },
    get keys() {
      return ring.keys;
    },
    refresh,
    onChange: (tell) => {
      told.add(tell);
      return () => told.delete(tell);
    },
    close: () => clearInterval(timer),
  };
}

/** What tells one state of a file from another; through links, as mounted secrets are. */
function stampOf(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'absent' : `${found.ino} ${found.mtimeNs} ${found.size}`;
}

/** The new ring. What was derived from a key stays with the key, so a key that is known stays the same object. */
function takenOver(before: KeyRing, next: KeyRing): KeyRing {
  if (next.lasting !== before.lasting)
    throw new Error('The key ring is not valid: the lasting key is another than before, and cannot change.');
  const keys = Object.entries(next.keys).map(([id, key]) => {
    const known = Object.hasOwn(before.keys, id) ? before.keys[id] : undefined;
    if (known !== undefined && !timingSafeEqual(known, key))
      throw new Error(
        `The key ring is not valid: ${id} is another key than before; a new key needs a new name.`,
      );
    return [id, known ?? key] as const;
  });
  return { ...next, keys: Object.fromEntries(keys) };
}
