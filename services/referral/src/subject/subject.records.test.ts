import { Particulars } from '@midas/proto/common/v1/people';
import { describe, expect, it } from 'vitest';
import { without } from './subject.records.ts';

const named = (givenName: string) => Particulars.fromPartial({ givenName, familyName: 'Imagined' });
const record = {
  about: named('Ines'),
  beside: [named('Otto'), named('Karl')],
  known: ['about', 'first', 'second'],
};

describe('a record when a person is erased', () => {
  it('keeps nothing when it is about that person', () => {
    expect(without(record, ['about'])).toBe('nothing');
    expect(without({ ...record, about: undefined, beside: [] }, ['about'])).toBe('unchanged');
  });

  it('loses only the entry of one who is named beside, once', () => {
    const left = without(record, ['second']);
    expect(left).toEqual([named('Otto'), Particulars.fromPartial({})]);
    expect(without({ ...record, beside: left as Particulars[] }, ['second'])).toBe('unchanged');
  });

  it('stays as it is for anybody else, and while nobody is known', () => {
    expect(without(record, ['another'])).toBe('unchanged');
    expect(without({ ...record, known: [] }, ['about', 'first'])).toBe('unchanged');
  });
});
