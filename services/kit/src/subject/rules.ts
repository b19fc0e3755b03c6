import type { Rule } from '../access/rules.ts';
import { ALL_CLASSES } from '../contract/privacy.ts';
import type { Caller } from '../identity/caller.ts';

/** Realm role whose holders answer data subjects. */
const governing = 'information-governance';

const erasure: readonly Rule[] = [
  { action: 'read', subject: 'SubjectRetention' },
  { action: 'erase', subject: 'SubjectRetention' },
];

/**
 * Rules of a service that asks about a data subject; of nobody else. Records and who looked at them it is told in the
 * course of a request by information governance only. It erases and asks for dates of retention by itself as well, since
 * both go on after the request.
 */
export function subjectRecordsRules({ kind, actingFor }: Caller): readonly Rule[] {
  if (kind !== 'service') return [];
  if (actingFor === undefined) return erasure;
  if (!actingFor.roles.includes(governing)) return [];
  return [{ action: 'read', subject: 'SubjectRecords', fields: ALL_CLASSES }, ...erasure];
}
