import { createHash } from 'node:crypto';

/** A short digest of everything that decides how a process is started. */
export const fingerprintOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
