import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Keys of one service. New things are made with the active one; the others still open what they sealed. */
export interface KeyRing {
  readonly active: string;
  /** 32 bytes each, by key id. */
  readonly keys: Readonly<Record<string, Uint8Array>>;
}

const keyRingShape = z
  .object({ active: z.string().min(1), keys: z.record(z.string().regex(/^[a-z0-9-]{1,32}$/), z.base64()) })
  .refine(({ active, keys }) => keys[active] !== undefined, 'the active key is not among the keys')
  .transform(({ active, keys }) => ({
    active,
    keys: Object.fromEntries(
      Object.entries(keys).map(([id, text]) => [id, new Uint8Array(Buffer.from(text, 'base64'))]),
    ),
  }))
  .refine(({ keys }) => Object.values(keys).every((key) => key.length === 32), 'a key must be 32 bytes long');

/** Reads a key ring file: `{"active":"k1","keys":{"k1":"<base64 of 32 bytes>"}}`. Throws without quoting its content. */
export function readKeyRing(file: string): KeyRing {
  const parsed = keyRingShape.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The key ring is not valid: ${reasons.join('; ')}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('The key ring is not JSON.');
  }
}
