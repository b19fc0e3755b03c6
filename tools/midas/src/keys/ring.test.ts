import { mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { objection } from './retire.ts';
import {
  addedKey,
  firstRing,
  inForce,
  readRing,
  spareKeys,
  withNewKey,
  withoutKey,
  writeRing,
} from './ring.ts';
import type { Holder } from './uses.ts';

const file = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'midas-ring-')), 'ring.json');

describe('a key ring', () => {
  it('begins with a key for everything and one that stays', () => {
    const { keys, ...named } = firstRing();
    expect(named).toEqual({ active: 'k1', index: 'k1', lasting: 'l1' });
    expect(Object.values(keys).map((key) => Buffer.from(key, 'base64').length)).toEqual([32, 32]);
    expect(keys.k1).not.toBe(keys.l1);
  });

  it('gets a key that nothing uses, then puts it in force, and keeps the old one until it is taken out', () => {
    const begun = withNewKey(firstRing());
    expect(begun.keyId).toBe('k2');
    expect(begun.ring).toMatchObject({ active: 'k1', index: 'k1', lasting: 'l1' });
    expect(addedKey(begun.ring)).toBe('k2');
    const rotated = inForce(begun.ring, 'k2');
    expect(rotated).toMatchObject({ active: 'k2', index: 'k2', lasting: 'l1' });
    expect(addedKey(rotated)).toBeUndefined();
    expect(spareKeys(rotated)).toEqual(['k1']);
    const retired = withoutKey(rotated, 'k1');
    expect(Object.keys(retired.keys)).toEqual(['l1', 'k2']);
    expect(withNewKey(retired).keyId).toBe('k3');
  });

  it('is read as it was written, by its owner only, and an older one with its defaults', async () => {
    const path = await file();
    const ring = firstRing();
    await writeRing(path, ring);
    expect(await readRing(path)).toEqual(ring);
    expect((await stat(path)).mode & 0o077).toBe(0);
    await writeFile(path, JSON.stringify({ active: 'k1', keys: { k1: 'secret' } }));
    expect(await readRing(path)).toMatchObject({ index: 'k1', lasting: 'k1' });
  });

  it('that is broken is refused and not quoted', async () => {
    const path = await file();
    await writeFile(path, '{"active": "secret"');
    await expect(readRing(path)).rejects.toThrow(/not valid/);
    await expect(readRing(path)).rejects.not.toThrow(/secret/);
  });
});

describe('a key is not retired', () => {
  const ring = inForce(withNewKey(firstRing()).ring, 'k2');
  const holder: Holder = {
    keys: ['k1', 'l1', 'k2'],
    active: 'k2',
    index: 'k2',
    lasting: 'l1',
    heldSeconds: 60,
  };
  const fine = { holders: [holder], uses: [{ place: 'note.content', key: 'k2', values: 9 }] };
  const use = (key: string) => ({ place: 'note.content', key, values: 3 });

  it.each([
    ['while it is in force', 'k2', fine, /in force/],
    ['when pseudonyms rest on it', 'l1', fine, /pseudonyms/],
    ['while nobody could say', 'k1', { ...fine, holders: [] }, /no process/],
    ['while a process uses it', 'k1', { ...fine, holders: [holder, { ...holder, active: 'k1' }] }, /1 of 2/],
    ['while work may be under way', 'k1', { ...fine, holders: [{ ...holder, heldSeconds: 29 }] }, /1 of 1/],
    [
      'while values depend on it',
      'k1',
      { ...fine, uses: [use('k1'), use('k2')] },
      /3 values of note.content/,
    ],
    ['while values have no named key', 'k1', { ...fine, uses: [use('(unnamed)')] }, /3 values/],
  ])('%s', (_, keyId, state, reason) => {
    expect(objection(keyId, ring, state, 30)).toMatch(reason);
  });

  it('unless nothing stands against it', () => {
    expect(objection('k1', ring, fine, 30)).toBeUndefined();
  });
});
