import { expect, test } from 'vitest';
import { testKeyRing } from '../testing/config.ts';
import { newId } from './ids.ts';
import { blindIndex, digest, lastingDigest, pseudonym } from './keys.ts';

const keyRing = testKeyRing();
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('a blind index is the same for the same value and purpose, and only for those', () => {
  const index = blindIndex(keyRing);
  expect(hex(index('nhs', '9434765919'))).toBe(hex(index('nhs', '9434765919')));
  const different = [
    index('nhs', '9434765919'),
    index('nhs', '9434765870'),
    index('phone', '9434765919'),
    blindIndex(testKeyRing())('nhs', '9434765919'),
    pseudonym(keyRing)('nhs', '9434765919'),
    digest(keyRing)('nhs', '9434765919'),
  ].map(hex);
  expect(new Set(different).size).toBe(different.length);
  expect(different.every((text) => text.length === 64)).toBe(true);
});

const second = testKeyRing('k2').keys;

test('indexes stay when another key seals; pseudonyms and kept digests when another key makes indexes', () => {
  const sealing = { ...keyRing, active: 'k2', keys: { ...keyRing.keys, ...second } };
  expect(hex(blindIndex(sealing)('nhs', 'x'))).toBe(hex(blindIndex(keyRing)('nhs', 'x')));
  const rotated = { ...sealing, index: 'k2' };
  expect(hex(blindIndex(rotated)('nhs', 'x'))).not.toBe(hex(blindIndex(keyRing)('nhs', 'x')));
  expect(hex(pseudonym(rotated)('person', 'x'))).toBe(hex(pseudonym(keyRing)('person', 'x')));
  expect(hex(lastingDigest(rotated)('request', 'x'))).toBe(hex(lastingDigest(keyRing)('request', 'x')));
});

test('what was indexed before the key changed is found under the others', () => {
  const rotated = { ...keyRing, active: 'k2', index: 'k2', keys: { ...keyRing.keys, ...second } };
  const [inForce, before] = blindIndex(rotated).every('nhs', 'x');
  expect(inForce.keyId).toBe('k2');
  expect(hex(inForce.digest)).toBe(hex(blindIndex(rotated)('nhs', 'x')));
  expect(before?.keyId).toBe('k1');
  expect(hex(before?.digest ?? new Uint8Array())).toBe(hex(blindIndex(keyRing)('nhs', 'x')));
});

test('ids are UUIDs of version 7, all different, and sort in the order they were made', () => {
  const ids = Array.from({ length: 20_000 }, newId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids.slice(0, 100)) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  const time = Number.parseInt((ids[0] ?? '').replace('-', '').slice(0, 12), 16);
  expect(Math.abs(time - Date.now())).toBeLessThan(60_000);
});
