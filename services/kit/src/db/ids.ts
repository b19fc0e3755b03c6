import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(8192);
let used = pool.length;
let lastMs = 0;
let counter = 0;

function randomBytes(count: number): Uint8Array {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
}

/** A new UUIDv7 (RFC 9562), lower case; ids of one process sort in the order they were made. */
export function newId(): string {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    counter = (randomBytes(1)[0] ?? 0) << 2;
  } else if (++counter > 0xfff) {
    // 4096 ids in a millisecond, or a clock that was set back: borrow from the next millisecond.
    lastMs += 1;
    counter = 0;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  const seq = counter.toString(16).padStart(3, '0');
  const tail = randomBytes(8);
  tail[0] = ((tail[0] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(tail).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${seq}-${hex.slice(0, 4)}-${hex.slice(4)}`;
}
