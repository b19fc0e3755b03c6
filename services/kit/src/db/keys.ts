import { createHmac, hkdfSync } from 'node:crypto';
import type { KeyRing } from '../config/key-ring.ts';

/** Bytes as Prisma's `Bytes` columns take them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const derived = new WeakMap<KeyRing, Map<string, Bytes>>();

/** A 32-byte key for one purpose, derived by HKDF-SHA-256 from one key of the ring. @throws for an unknown key id. */
export function deriveKey(keyRing: KeyRing, keyId: string, purpose: string): Bytes {
  const cache = derived.get(keyRing) ?? new Map<string, Bytes>();
  derived.set(keyRing, cache);
  const name = `${keyId}|${purpose}`;
  const known = cache.get(name);
  if (known !== undefined) return known;
  const secret = Object.hasOwn(keyRing.keys, keyId) ? keyRing.keys[keyId] : undefined;
  if (secret === undefined) throw new Error('a key is asked for that is not in the key ring');
  const made = new Uint8Array(hkdfSync('sha256', secret, '', `midas|${purpose}`, 32));
  cache.set(name, made);
  return made;
}

/** HMAC-SHA-256 for one kind of use, 32 bytes; values under different purposes never meet. */
export type KeyedDigest = (purpose: string, value: string | Uint8Array) => Bytes;

function keyedDigest(keyRing: KeyRing, use: string): KeyedDigest {
  // The oldest key: indexes, pseudonyms and page tokens stay as they are when another key becomes active.
  const keyId = Object.keys(keyRing.keys)[0] ?? keyRing.active;
  return (purpose, value) =>
    new Uint8Array(
      createHmac('sha256', deriveKey(keyRing, keyId, `${use}|${purpose}`))
        .update(value)
        .digest(),
    );
}

/** Blind index of a value: equal values give equal bytes, nothing else is learnt without the key. */
export const blindIndex = (keyRing: KeyRing): KeyedDigest => keyedDigest(keyRing, 'blind-index');

/** Pseudonym of an id: stands for it where the id itself must not be known. */
export const pseudonym = (keyRing: KeyRing): KeyedDigest => keyedDigest(keyRing, 'pseudonym');

/** Keyed digest of a request, an answer or a page position. */
export const digest = (keyRing: KeyRing): KeyedDigest => keyedDigest(keyRing, 'digest');
