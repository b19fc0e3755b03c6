import { fail, foldName } from '@midas/kit/rules';
import type { Particulars } from '@midas/proto/common/v1/people';

/** What a participant is found by. Values are plain here; they are stored and compared as blind indexes only. */
export interface ParticipantKey {
  readonly kind: 'NHS_NUMBER' | 'FAMILY_NAME_AND_BIRTH_DATE';
  readonly value: string;
}

export type Identity = Pick<Particulars, 'nhsNumber' | 'familyName' | 'birthDate'>;

/** The keys of someone's particulars: none when neither number nor name with birth date is known. */
export const participantKeys = ({
  nhsNumber,
  familyName,
  birthDate,
}: Identity): readonly ParticipantKey[] => {
  const family = foldName(familyName);
  return [
    ...(nhsNumber === '' ? [] : [{ kind: 'NHS_NUMBER' as const, value: nhsNumber }]),
    ...(family === '' || birthDate === ''
      ? []
      : [{ kind: 'FAMILY_NAME_AND_BIRTH_DATE' as const, value: `${family}|${birthDate}` }]),
  ];
};

/** The keys to look for. Fails with `invalid` when what was sent tells nobody apart. */
export const searchedKeys = (sought: Identity): readonly ParticipantKey[] => {
  const keys = participantKeys(sought);
  if (keys.length > 0) return keys;
  const rule = 'number-or-name-and-birth-date';
  const message = 'must be given, or the family name together with the birth date';
  return fail('invalid', 'search-too-wide', 'Search by NHS number, or by family name and birth date.', [
    { field: 'nhs_number', rule, message },
  ]);
};
