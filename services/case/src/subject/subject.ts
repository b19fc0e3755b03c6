import { addMonths, localDate, localMidnight } from '@midas/kit/rules';
import { Capacity, type RecordField, type SubjectRecord } from '@midas/proto/subject/v1/records';

/** What a reviewer decided, by the name of the piece. */
export type Decisions = ReadonlyMap<string, { readonly released: boolean }>;

/** One piece that a person has to read before it is handed out. */
export interface ReviewPiece {
  readonly item: string;
  readonly capacity: Capacity;
  readonly value: string;
  readonly decided: boolean;
  readonly released: boolean;
}

/** Said in every copy in the same words, so that it tells nothing of what was left out. */
export const STATEMENTS: readonly string[] = [
  'This is a copy of the personal data that the service holds on you and that it may hand out.',
  'Data that tells of another person is left out or marked as redacted.',
  'Data may also be held back where the law allows it, for instance to protect somebody. The service cannot say whether that is so.',
  'You may ask for an explanation, for a correction, and for a decision by the Information Commissioner.',
];

/** A request is to be answered within one calendar month (UK GDPR, article 12(3)). */
export const dueAt = (openedAt: Date): Date => localMidnight(addMonths(localDate(openedAt), 1));

/**
 * What has to be read first: of a record about the subject, the words that somebody typed; a record that names the
 * subject as alleged perpetrator as a whole.
 */
export function reviewPieces(
  records: readonly SubjectRecord[],
  decisions: Decisions,
): readonly ReviewPiece[] {
  return records.flatMap((record) => {
    const { capacity } = record;
    const piece = (item: string, value: string): ReviewPiece => {
      const decision = decisions.get(item);
      return {
        item,
        capacity,
        value,
        decided: decision !== undefined,
        released: decision?.released === true,
      };
    };
    if (capacity !== Capacity.SUBJECT) {
      const lines = record.fields.filter(({ redacted }) => !redacted);
      return [piece(pieceOf(record), lines.map(({ name, value }) => `${name}: ${value}`).join('\n'))];
    }
    return record.fields
      .filter(({ freeText }) => freeText)
      .map((field) => piece(pieceOf(record, field), field.value));
  });
}

/**
 * The records of a copy. What waits for review, or was withheld, is not in it; nothing says that it is missing.
 */
export function releasedRecords(
  records: readonly SubjectRecord[],
  decisions: Decisions,
): readonly SubjectRecord[] {
  const isReleased = (item: string): boolean => decisions.get(item)?.released === true;
  return records.flatMap((record) => {
    if (record.capacity !== Capacity.SUBJECT) return isReleased(pieceOf(record)) ? [record] : [];
    const fields = record.fields.filter((field) => !field.freeText || isReleased(pieceOf(record, field)));
    return [{ ...record, fields }];
  });
}

function pieceOf({ kind, recordId, capacity }: SubjectRecord, field?: RecordField): string {
  if (field !== undefined) return `${kind}/${recordId}/${field.name}`;
  return `${kind}/${recordId}/${capacity === Capacity.ALLEGED_PERPETRATOR ? 'as-named' : 'whole'}`;
}
