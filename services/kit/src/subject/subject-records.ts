import type { Tx } from '../db/types.ts';
import type { Standing, SubjectField } from './fields.ts';

/** A record that concerns a data subject. */
export interface SubjectRecordEntry {
  /** Noun of the service, e.g. `referral`. */
  readonly kind: string;
  readonly id: string;
  readonly standing: Standing;
  readonly recordedAt: Date;
  readonly fields: readonly SubjectField[];
}

/** Until when the rules keep what a service holds of a person. */
export interface Retention {
  readonly personId: string;
  /** Null while something is open, which keeps everything. */
  readonly keepUntil: Date | null;
}

/** What a service can say of, and do for, a data subject in its own data. */
export interface SubjectRecords<Db> {
  /** Everything held on these persons, in whatever part they stand in it. */
  find(db: Db, personIds: readonly string[]): Promise<readonly SubjectRecordEntry[]>;
  /** Ids by which calls name the records of these persons. */
  recordIds(db: Db, personIds: readonly string[]): Promise<readonly string[]>;
  /** Of each person of whom anything is held. */
  retention(db: Db, personIds: readonly string[]): Promise<readonly Retention[]>;
  /** Empties what tells of these persons and answers how many records it changed; none when sent again. */
  erase(db: Tx<Db>, personIds: readonly string[]): Promise<number>;
}

/** The later of two dates to keep a record until; null, which is for ever, beats both. */
export function laterOf(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return null;
  return one > other ? one : other;
}

/** One entry a person, of what was said record by record. */
export function retentionByPerson(entries: Iterable<Retention>): readonly Retention[] {
  const found = new Map<string, Date | null>();
  for (const { personId, keepUntil } of entries) {
    const known = found.get(personId);
    found.set(personId, known === undefined ? keepUntil : laterOf(known, keepUntil));
  }
  return [...found].map(([personId, keepUntil]) => ({ personId, keepUntil }));
}
