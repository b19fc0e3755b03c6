import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sealer } from '../db/sealer.ts';
import { testKeyRingText, writeKeyRing } from '../testing/config.ts';
import { waitFor } from '../testing/wait.ts';
import { liveKeyRing } from './live-key-ring.ts';

const first = { ...testKeyRingText('k1', 'l1'), lasting: 'l1' };
const both = { ...first, keys: { ...first.keys, ...testKeyRingText('k2').keys } };

/** A ring that follows a file of its own. */
function following(pollMs: number) {
  const file = join(mkdtempSync(join(tmpdir(), 'midas-ring-')), 'ring.json');
  writeKeyRing(file, first);
  const errors: string[] = [];
  const log = { info: () => undefined, error: (_: object, text: string) => void errors.push(text) };
  const ring = liveKeyRing({ text: readFileSync(file, 'utf8'), file }, { log, pollMs });
  onTestFinished(() => ring.close());
  return { file, ring, errors };
}

test('a ring takes over what its file becomes, and tells', async () => {
  const { file, ring } = following(5);
  let told = 0;
  ring.onChange(() => {
    told += 1;
  });
  writeKeyRing(file, { ...both, active: 'k2' });
  await waitFor(() => ring.active === 'k2', { what: 'the new ring' });
  expect(ring).toMatchObject({ index: 'k1', lasting: 'l1' });
  expect(told).toBe(1);
});

test('what another process sealed with a newer key opens before the file was looked at again', () => {
  const { file, ring } = following(3_600_000);
  const other = liveKeyRing(
    { text: JSON.stringify({ ...both, active: 'k2' }) },
    { log: { info: () => undefined, error: () => undefined } },
  );
  const sealed = sealer({ keyRing: other }).column('t', 'c').sealText('r', 'particulars');
  const mine = sealer({ keyRing: ring }).column('t', 'c');
  expect(() => mine.openText('r', sealed)).toThrow(/could not be opened/);
  writeKeyRing(file, both);
  expect(mine.openText('r', sealed)).toBe('particulars');
});

test('a broken file, another key under a known name or another lasting key is said to be so once, and left', () => {
  const { file, ring, errors } = following(3_600_000);
  const wrong = [
    { ...first, keys: { ...first.keys, ...testKeyRingText('k1').keys } },
    { ...both, lasting: 'k2' },
  ];
  for (const content of ['{"active":', ...wrong.map((one) => JSON.stringify(one))]) {
    writeFileSync(file, content);
    ring.refresh();
    ring.refresh();
  }
  expect(errors).toHaveLength(3);
  const mine = sealer({ keyRing: ring }).column('t', 'c');
  expect(mine.openText('r', mine.sealText('r', 'still'))).toBe('still');
  writeKeyRing(file, both);
  ring.refresh();
  expect(Object.keys(ring.keys)).toEqual(['k1', 'l1', 'k2']);
});

test('a key that left the ring opens nothing any more', () => {
  const { file, ring } = following(3_600_000);
  const mine = sealer({ keyRing: ring }).column('t', 'c');
  const sealed = mine.sealText('r', 'particulars');
  expect(mine.openText('r', sealed)).toBe('particulars');
  const { l1 = '', k2 = '' } = both.keys;
  writeKeyRing(file, { active: 'k2', index: 'k2', lasting: 'l1', keys: { l1, k2 } });
  ring.refresh();
  expect(() => mine.openText('r', sealed)).toThrow(/could not be opened/);
});
