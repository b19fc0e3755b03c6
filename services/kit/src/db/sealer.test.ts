import { ErrorDetail } from '@midas/proto/contract/v1/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testKeyRing } from '../testing/config.ts';
import { sealer } from './sealer.ts';

const keyRing = testKeyRing();
const column = sealer({ keyRing }).column('referral', 'victim');
const other = sealer({ keyRing }).column('referral', 'perpetrator');
const message: ErrorDetail = { slug: 'a', detail: 'é漢字', violations: [], traceId: '' };
const lost = /could not be opened/;

describe('a sealed value', () => {
  test('opens as it was, whatever the text', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string({ unit: 'grapheme' }), (row, text) => {
        expect(column.openText(row, column.sealText(row, text))).toBe(text);
      }),
    );
  });

  test('opens as the message it was', () => {
    expect(column.open('r', ErrorDetail, column.seal('r', ErrorDetail, message))).toEqual(message);
  });

  test('does not open after any one bit was changed', () => {
    const sealed = column.sealText('r', 'particulars');
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const changed = new Uint8Array(sealed);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => column.openText('r', changed)).toThrow(lost);
      }),
    );
  });

  test('does not open when cut short, empty or lengthened', () => {
    const sealed = column.sealText('r', 'particulars');
    for (let length = 0; length < sealed.length; length++) {
      expect(() => column.openText('r', sealed.subarray(0, length))).toThrow(lost);
    }
    expect(() => column.openText('r', new Uint8Array([...sealed, 0]))).toThrow(lost);
  });

  test('does not open in another row, column or table, or under another key', () => {
    const sealed = column.sealText('r', 'particulars');
    expect(() => column.openText('s', sealed)).toThrow(lost);
    expect(() => other.openText('r', sealed)).toThrow(lost);
    expect(() => sealer({ keyRing }).column('incident', 'victim').openText('r', sealed)).toThrow(lost);
    const stranger = sealer({ keyRing: testKeyRing() }).column('referral', 'victim');
    expect(() => stranger.openText('r', sealed)).toThrow(lost);
  });

  test('is never the same twice and shows nothing of its text', () => {
    const [a, b] = [column.sealText('r', 'Rochester'), column.sealText('r', 'Rochester')];
    expect(Buffer.from(a).equals(b)).toBe(false);
    expect(Buffer.from(a).includes('Rochester')).toBe(false);
  });

  test('still opens when another key has become active, and says which sealed it', () => {
    const sealed = column.sealText('r', 'particulars');
    const rotated = { ...keyRing, active: 'k2', keys: { ...keyRing.keys, ...testKeyRing('k2').keys } };
    const now = sealer({ keyRing: rotated }).column('referral', 'victim');
    expect(now.openText('r', sealed)).toBe('particulars');
    const again = now.sealText('r', 'particulars');
    expect(Buffer.from(again.subarray(0, 4)).toString('latin1')).toBe('\u0001\u0002k2');
    expect(() => column.openText('r', again)).toThrow(lost);
  });

  test('is sealed anew under the active key with the same content, in its own place only', () => {
    const sealed = column.sealText('r', 'particulars');
    const rotated = { ...keyRing, active: 'k2', keys: { ...keyRing.keys, ...testKeyRing('k2').keys } };
    const now = sealer({ keyRing: rotated });
    const again = now.reseal({ table: 'referral', column: 'victim' }, 'r', sealed);
    expect(Buffer.from(again.subarray(0, 4)).toString('latin1')).toBe('\u0001\u0002k2');
    expect(now.column('referral', 'victim').openText('r', again)).toBe('particulars');
    expect(() => now.reseal({ table: 'referral', column: 'victim' }, 's', sealed)).toThrow();
  });

  test('stands in a column that the sealer knows of', () => {
    const asked = sealer({ keyRing });
    for (const name of ['victim', 'perpetrator', 'victim']) asked.column('referral', name);
    expect(asked.places()).toEqual([
      { table: 'referral', column: 'victim' },
      { table: 'referral', column: 'perpetrator' },
    ]);
  });

  test('absent values stay absent', () => {
    expect(column.sealText('r', undefined)).toBeNull();
    expect(column.openText('r', null)).toBeUndefined();
    expect(column.sealOptional('r', ErrorDetail, undefined)).toBeNull();
    expect(column.openOptional('r', ErrorDetail, null)).toBeUndefined();
    expect(column.openText('r', column.sealText('r', ''))).toBe('');
  });

  test('the error quotes nothing of the value', () => {
    const sealed = column.sealText('r', 'particulars');
    const error = (() => {
      try {
        return column.openText('s', sealed);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(String(error)).toBe(
      'Error: a value of referral.victim could not be opened: changed, moved or sealed with an unknown key',
    );
    expect(error).not.toHaveProperty('cause');
  });
});
