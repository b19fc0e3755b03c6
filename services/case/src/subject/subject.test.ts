import { Capacity, SubjectRecord } from '@midas/proto/subject/v1/records';
import { describe, expect, it } from 'vitest';
import { dueAt, releasedRecords, reviewPieces } from './subject.ts';

const about = SubjectRecord.fromPartial({
  kind: 'referral',
  recordId: 'r-1',
  capacity: Capacity.SUBJECT,
  fields: [
    { name: 'person.family_name', value: 'Imagined' },
    { name: 'reason', value: 'typed words', freeText: true },
    { name: 'alleged_perpetrators[0]', redacted: true },
  ],
});
const named = SubjectRecord.fromPartial({
  kind: 'marac-referral',
  recordId: 'm-1',
  capacity: Capacity.ALLEGED_PERPETRATOR,
  fields: [
    { name: 'perpetrators[0].family_name', value: 'Imagined' },
    { name: 'victim', redacted: true },
  ],
});
const records = [about, named];
const decided = (entries: Readonly<Record<string, boolean>>) =>
  new Map(Object.entries(entries).map(([item, released]) => [item, { released }]));

describe('the copy for a data subject', () => {
  it('holds back typed words and everything as alleged perpetrator until a person released it', () => {
    expect(releasedRecords(records, decided({}))).toEqual([
      { ...about, fields: about.fields.filter(({ name }) => name !== 'reason') },
    ]);
    const released = decided({ 'referral/r-1/reason': true, 'marac-referral/m-1/as-named': true });
    expect(releasedRecords(records, released)).toEqual(records);
  });

  it('reads the same when something was withheld as when there is nothing', () => {
    const withheld = decided({ 'referral/r-1/reason': false, 'marac-referral/m-1/as-named': false });
    const without = { ...about, fields: about.fields.filter(({ freeText }) => !freeText) };
    expect(releasedRecords(records, withheld)).toEqual(releasedRecords([without], decided({})));
  });

  it('names what waits for review, with what was decided', () => {
    expect(reviewPieces(records, decided({ 'referral/r-1/reason': false }))).toEqual([
      {
        item: 'referral/r-1/reason',
        capacity: Capacity.SUBJECT,
        value: 'typed words',
        decided: true,
        released: false,
      },
      {
        item: 'marac-referral/m-1/as-named',
        capacity: Capacity.ALLEGED_PERPETRATOR,
        value: 'perpetrators[0].family_name: Imagined',
        decided: false,
        released: false,
      },
    ]);
  });
});

it('a request is due one month after it was opened, at the end of a short month if need be', () => {
  expect(dueAt(new Date('2026-01-31T10:00:00Z')).toISOString()).toBe('2026-02-28T00:00:00.000Z');
});
