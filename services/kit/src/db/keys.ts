import { createHmac, hkdfSync } from 'node:crypto';
import type { KeyRing } from '../config/key-ring.ts';

/** Bytes as Prisma's `Bytes` columns take them. */
export type Bytes = Uint8Array<ArrayBuffer>;

// By key, so that what was derived from a key that left the ring goes with it.
const derived = new WeakMap<Uint8Array, Map<string, Bytes>>();

/** A 32-byte key for one purpose, derived by HKDF-SHA-256 from one key of the ring. @throws for an unknown key id. */
export function deriveKey(keyRing: KeyRing, keyId: string, purpose: string): Bytes {
  const secret = secretOf(keyRing, keyId);
  const cache = derived.get(secret) ?? new Map<string, Bytes>();
  derived.set(secret, cache);
  const known = cache.get(purpose);
  if (known !== undefined) return known;
  const made = new Uint8Array(hkdfSync('sha256', secret, '', `midas|${purpose}`, 32));
  cache.set(purpose, made);
  return made;
}

function secretOf(keyRing: KeyRing, keyId: string): Uint8Array {
  const find = () => (Object.hasOwn(keyRing.keys, keyId) ? keyRing.keys[keyId] : undefined);
  const known = find();
  if (known !== undefined) return known;
  // Another process may have taken over a newer ring before this one looked.
  keyRing.refresh?.();
  const fresh = find();
  if (fresh === undefined) throw new Error('a key is asked for that is not in the key ring');
  return fresh;
}

/** A digest and the key that made it. */
export interface NamedDigest {
  readonly keyId: string;
  readonly digest: Bytes;
}

/** HMAC-SHA-256 for one kind of use, 32 bytes; values under different purposes never meet. */
export interface KeyedDigest {
  (purpose: string, value: string | Uint8Array): Bytes;
  /**
   * The digests under every key of the ring, that of the key in force first: what was made before the key changed is
   * found by the others until it has been made anew.
   */
  every(
    purpose: string,
    value: string | Uint8Array,
  ): readonly [inForce: NamedDigest, ...others: NamedDigest[]];
}

function keyedDigest(keyRing: KeyRing, use: string, inForce: (ring: KeyRing) => string): KeyedDigest {
  const under = (keyId: string, purpose: string, value: string | Uint8Array): Bytes =>
    new Uint8Array(
      createHmac('sha256', deriveKey(keyRing, keyId, `${use}|${purpose}`))
        .update(value)
        .digest(),
    );
  const digest = (purpose: string, value: string | Uint8Array): Bytes =>
    under(inForce(keyRing), purpose, value);
  return Object.assign(digest, {
    every: (purpose: string, value: string | Uint8Array): [NamedDigest, ...NamedDigest[]] => {
      const first = inForce(keyRing);
      const others = Object.keys(keyRing.keys).filter((id) => id !== first);
      const named = (keyId: string): NamedDigest => ({ keyId, digest: under(keyId, purpose, value) });
      return [named(first), ...others.map(named)];
    },
  });
}

const indexKey = (ring: KeyRing): string => ring.index;
const lastingKey = (ring: KeyRing): string => ring.lasting;

/** Blind index of a value: equal values give equal bytes, nothing else is learnt without the key. */
export const blindIndex = (keyRing: KeyRing): KeyedDigest => keyedDigest(keyRing, 'blind-index', indexKey);

/** Pseudonym of an id: stands for it where the id itself must not be known. */
export const pseudonym = (keyRing: KeyRing): KeyedDigest => keyedDigest(keyRing, 'pseudonym', lastingKey);

/** Keyed digest of an answer or a page position: good for as long as its key is in the ring. */
export const digest = (keyRing: KeyRing): KeyedDigest => keyedDigest(keyRing, 'digest', indexKey);

/** Keyed digest that is kept, of something that is not: a request, an idempotency key, a filter. */
export const lastingDigest = (keyRing: KeyRing): KeyedDigest => keyedDigest(keyRing, 'digest', lastingKey);
