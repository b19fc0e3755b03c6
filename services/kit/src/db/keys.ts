import { createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Bytes as Prisma's `Bytes` columns take them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The keys of one service. Never leaves the process. */
export interface KeyRing {
  /** Id of the key that seals new values. */
  readonly active: string;
  /** Id of the key under blind indexes, pseudonyms and digests: stays when `active` moves on. */
  readonly index: string;
  /** A 32-byte key for one purpose, derived by HKDF-SHA-256 from the key with this id (default: `index`). */
  derive(purpose: string, keyId?: string): Bytes;
}

const key = z
  .base64()
  .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64');
const keyRingFile = z
  .strictObject({
    active: z.string().min(1).max(64),
    index: z.string().optional(),
    keys: z.record(z.string(), key),
  })
  .refine((ring) => ring.active in ring.keys, 'active must name one of keys')
  .refine((ring) => ring.index === undefined || ring.index in ring.keys, 'index must name one of keys');

/** Reads a key ring from its JSON text. @throws when it is malformed; the message never repeats a key. */
export function parseKeyRing(json: string): KeyRing {
  const parsed = keyRingFile.safeParse(parseJson(json));
  if (!parsed.success) {
    throw new Error(
      `the key ring is not usable: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`,
    );
  }
  const { active, index = Object.keys(parsed.data.keys)[0] ?? active, keys } = parsed.data;
  const derived = new Map<string, Bytes>();
  return {
    active,
    index,
    derive(purpose, keyId = index) {
      const cacheKey = `${keyId}|${purpose}`;
      const known = derived.get(cacheKey);
      if (known !== undefined) return known;
      const secret = Object.hasOwn(keys, keyId) ? keys[keyId] : undefined;
      if (secret === undefined) throw new Error('a key that is not in the key ring is asked for');
      const made = new Uint8Array(
        hkdfSync('sha256', Buffer.from(secret, 'base64'), '', `midas|${purpose}`, 32),
      );
      derived.set(cacheKey, made);
      return made;
    },
  };
}

/** Reads the file that `KEY_RING_FILE` names. @throws when it is missing or malformed. */
export function loadKeyRing(path: string): KeyRing {
  return parseKeyRing(readFileSync(path, 'utf8'));
}

/** HMAC-SHA-256 for one kind of use; values under different purposes never meet. */
export type KeyedDigest = (purpose: string, value: string | Uint8Array) => Bytes;

function keyedDigest(keyRing: KeyRing, use: string): KeyedDigest {
  return (purpose, value) =>
    new Uint8Array(
      createHmac('sha256', keyRing.derive(`${use}|${purpose}`))
        .update(value)
        .digest(),
    );
}

/** Blind index of a value: equal values give equal 32 bytes, nothing else is learnt without the key. */
export const blindIndex = (keyRing: KeyRing): KeyedDigest => keyedDigest(keyRing, 'blind-index');

/** Pseudonym of an id: 32 bytes that stand for it where the id itself must not be known. */
export const pseudonym = (keyRing: KeyRing): KeyedDigest => keyedDigest(keyRing, 'pseudonym');

/** Keyed digest of a request, an answer or a page position. */
export const digest = (keyRing: KeyRing): KeyedDigest => keyedDigest(keyRing, 'digest');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the key ring is not JSON');
  }
}
