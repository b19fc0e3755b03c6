import { Particulars } from '@midas/proto/common/v1/people';
import { MaracCriterion, ReferToMaracRequest } from '@midas/proto/risk/v1/risk';
import { describe, expect, it } from 'vitest';
import { withoutPersons } from './subject.records.ts';

const named = (givenName: string) => Particulars.fromPartial({ givenName, familyName: 'Imagined' });
const sent = ReferToMaracRequest.fromPartial({
  victim: named('Ines'),
  perpetrators: [named('Otto'), named('Karl')],
  criteria: [MaracCriterion.SCORE],
  reason: 'words that somebody typed',
});
const referral = {
  sent,
  victimPersonId: 'victim',
  perpetratorPersonIds: ['first', 'second'],
} as Parameters<typeof withoutPersons>[0];

describe('a MARAC referral when a person is erased', () => {
  it('keeps nothing when it is about that person', () => {
    expect(withoutPersons(referral, ['victim'])).toEqual(ReferToMaracRequest.fromPartial({}));
  });

  it('loses only the entry of one whom it names beside', () => {
    expect(withoutPersons(referral, ['second'])).toEqual(
      ReferToMaracRequest.fromPartial({ ...sent, perpetrators: [named('Otto'), {}] }),
    );
  });

  it('stays as it is for anybody else, and when nothing is left to erase', () => {
    expect(withoutPersons(referral, ['another'])).toBeUndefined();
    const once = { ...referral, sent: withoutPersons(referral, ['second']) ?? sent };
    expect(withoutPersons(once, ['second'])).toBeUndefined();
    const gone = { ...referral, sent: withoutPersons(referral, ['victim']) ?? sent };
    expect(withoutPersons(gone, ['victim', 'second'])).toBeUndefined();
  });
});
