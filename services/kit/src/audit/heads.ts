import { appendFile } from 'node:fs/promises';
import type { Seal } from './seal-table.ts';

/** A head as it was copied out of the database. */
export interface CopiedHead {
  readonly service: string;
  readonly seal: number;
  readonly head: string;
}

/** Adds a head to a file, one JSON object a line; several services may share the file. */
export async function copyHead(file: string, service: string, seal: Seal): Promise<void> {
  const { number, head, entries, sealedAt } = seal;
  const line = JSON.stringify({ service, seal: number, head, entries, sealed_at: sealedAt });
  await appendFile(file, `${line}\n`, { mode: 0o600 });
}

/** The head that a line tells of, be it of a file of heads or of a service's log; undefined for any other line. */
export function headIn(line: string): CopiedHead | undefined {
  if (!line.includes('"head"')) return undefined;
  const { service, seal, head } = objectIn(line);
  const isHead = typeof head === 'string' && /^[0-9a-f]{64}$/.test(head);
  if (typeof service !== 'string' || typeof seal !== 'number' || !isHead) return undefined;
  return { service, seal, head };
}

// A log may be cut off in the middle of a line.
function objectIn(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
