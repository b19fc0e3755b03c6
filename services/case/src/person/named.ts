import type { PersonNamed } from '@midas/proto/case/v1/access';
import { Particulars } from '@midas/proto/common/v1/people';

/** Whom somebody names, as the particulars by which persons are recognised. */
export const particularsOf = ({ nhsNumber, givenName, familyName, birthDate }: PersonNamed): Particulars =>
  Particulars.fromPartial({ nhsNumber, givenName, familyName, birthDate });
