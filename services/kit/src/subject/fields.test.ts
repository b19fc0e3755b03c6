import { Referral, ReferralKind } from '@midas/proto/referral/v1/referral';
import { describe, expect, it } from 'vitest';
import { type Standing, subjectFields } from './fields.ts';

const person = (givenName: string) => ({
  givenName,
  familyName: 'Imagined',
  birthDate: '1990-02-03',
  address: { lines: ['1 Nowhere Street'], postcode: 'ME4 4UH' },
  safeContact: { note: 'only on Tuesdays' },
});
const referral = Referral.fromPartial({
  referralId: 'r-1',
  kind: ReferralKind.GP,
  recordedAt: new Date('2026-01-02T03:04:05.000Z'),
  person: person('Ines'),
  allegedPerpetrators: [person('Otto'), person('Karl')],
  reason: 'words that somebody typed',
  maskedFields: ['reason'],
});

const fields = (standing: Standing) => subjectFields(Referral, referral, standing);
const values = (standing: Standing) =>
  Object.fromEntries(
    fields(standing).map(({ name, value, redacted }) => [name, redacted ? '[redacted]' : value]),
  );

describe('the fields of a record that a data subject may have', () => {
  it('are all that is set and tells of the person it is about; those named beside are redacted', () => {
    expect(values({ capacity: 'SUBJECT' })).toEqual({
      referral_id: 'r-1',
      kind: 'REFERRAL_KIND_GP',
      recorded_at: '2026-01-02T03:04:05.000Z',
      'person.given_name': 'Ines',
      'person.family_name': 'Imagined',
      'person.birth_date': '1990-02-03',
      'person.address.lines[0]': '1 Nowhere Street',
      'person.address.postcode': 'ME4 4UH',
      'person.safe_contact.note': 'only on Tuesdays',
      'alleged_perpetrators[0]': '[redacted]',
      'alleged_perpetrators[1]': '[redacted]',
      reason: 'words that somebody typed',
    });
  });

  it('are, of one named as alleged perpetrator, the own entry and nothing of the person it is about', () => {
    const seen = values({ capacity: 'ALLEGED_PERPETRATOR', position: 1 });
    expect(seen).toMatchObject({
      referral_id: 'r-1',
      person: '[redacted]',
      reason: '[redacted]',
      'alleged_perpetrators[0]': '[redacted]',
      'alleged_perpetrators[1].given_name': 'Karl',
    });
    expect(JSON.stringify(seen)).not.toMatch(/Ines|Otto|somebody typed/);
  });

  it('say of words that somebody typed them', () => {
    const typed = fields({ capacity: 'SUBJECT' }).filter(({ freeText }) => freeText);
    expect(typed.map(({ name }) => name)).toEqual(['person.safe_contact.note', 'reason']);
  });
});
