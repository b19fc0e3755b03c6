import { type DescField, getOption } from '@bufbuild/protobuf';
import { extension } from './registry.ts';

/** Whom a field tells of: the person that the record is about, one named as alleged perpetrator, or somebody else. */
export type Party = 'SUBJECT' | 'ALLEGED_PERPETRATOR' | 'OTHER';

// By number, as options.proto declares them.
const byNumber: readonly Party[] = ['SUBJECT', 'ALLEGED_PERPETRATOR', 'OTHER'];
const party = extension('midas.contract.v1.party');

/** Party of a field. A party newer than this code is somebody else. */
export function partyOf(field: DescField): Party {
  const value: unknown = getOption(field, party);
  return (typeof value === 'number' ? byNumber[value] : undefined) ?? 'OTHER';
}
