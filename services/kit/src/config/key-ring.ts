import { z } from 'zod';

/**
 * Keys of one service. A ring may follow its file (`liveKeyRing`): then what is read from it changes, so each piece of
 * work reads it anew.
 */
export interface KeyRing {
  /** Seals what is written now; whatever key sealed a value opens it. */
  readonly active: string;
  /** Makes blind indexes, ETags and page tokens. */
  readonly index: string;
  /** Makes what cannot be made anew: pseudonyms, and digests that are kept. It stays when the others change. */
  readonly lasting: string;
  /** 32 bytes each, by key id. */
  readonly keys: Readonly<Record<string, Uint8Array>>;
  /** Looks at the source again: asked for when a key is not in the ring. */
  readonly refresh?: () => void;
}

const keyId = z.string().regex(/^[a-z0-9-]{1,32}$/);

const keyRingShape = z
  .object({
    active: z.string().min(1),
    index: z.string().min(1).optional(),
    lasting: z.string().min(1).optional(),
    keys: z.record(keyId, z.base64()),
  })
  .superRefine(({ active, index, lasting, keys }, context) => {
    for (const [use, id] of Object.entries({ active, index, lasting }))
      if (id !== undefined && !Object.hasOwn(keys, id))
        context.addIssue({ code: 'custom', message: `the ${use} key is not among the keys` });
    if (index === undefined && Object.keys(keys).length > 1)
      context.addIssue({
        code: 'custom',
        message: 'it has several keys: name the one of the blind indexes as "index"',
      });
  })
  .transform(({ active, index = active, keys, lasting = Object.keys(keys)[0] ?? index }) => ({
    active,
    index,
    lasting,
    keys: Object.fromEntries(
      Object.entries(keys).map(([id, text]) => [id, new Uint8Array(Buffer.from(text, 'base64'))]),
    ),
  }))
  .refine(({ keys }) => Object.values(keys).every((key) => key.length === 32), 'a key must be 32 bytes long');

/**
 * A key ring from its text: `{"active":"k2","index":"k1","lasting":"l1","keys":{"k1":"<base64 of 32 bytes>",…}}`.
 * `index` may be left out when there is one key; `lasting` is the first of the keys when it is left out. Throws without
 * quoting the text.
 */
export function parseKeyRing(text: string): KeyRing {
  const parsed = keyRingShape.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new Error(`The key ring is not valid: ${reasons.join('; ')}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('The key ring is not JSON.');
  }
}
