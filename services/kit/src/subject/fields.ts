import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { type Party, partyOf } from '../contract/party.ts';
import { type Privacy, privacyOf } from '../contract/privacy.ts';
import { messageOf } from '../contract/registry.ts';
import type { Codec } from '../db/types.ts';

/** Where the data subject stands in a record; `position` is the place among those named in the same part. */
export type Standing =
  | { readonly capacity: 'SUBJECT' }
  | { readonly capacity: 'ALLEGED_PERPETRATOR'; readonly position: number };

/** One field of a record as it is handed out. */
export interface SubjectField {
  /** Path in the record, e.g. `person.family_name`. */
  readonly name: string;
  readonly value: string;
  /** Words that somebody typed, which may name others. */
  readonly freeText: boolean;
  /** Tells of somebody else; the value is empty. */
  readonly redacted: boolean;
}

const leftOut = new Set(['masked_fields']);

/**
 * The set fields of a record as a data subject may have them. What the contract marks as telling of another party is
 * named and redacted, whatever is in it: for the person that the record is about, those named beside; for one of those
 * named, every marked field but the own entry.
 */
export function subjectFields<T extends object>(
  { $type }: Codec<T>,
  record: T,
  standing: Standing,
): readonly SubjectField[] {
  const found: SubjectField[] = [];
  const walk = (desc: DescMessage, message: object, prefix: string, above: Above): void => {
    for (const field of desc.fields) {
      if (leftOut.has(field.name)) continue;
      const value = Object(message)[field.localName] as unknown;
      if (isUnset(value)) continue;
      const own = privacyOf(field);
      const here: Above = {
        party: partyOf(field) === 'SUBJECT' ? above.party : partyOf(field),
        privacy: own === 'NONE' ? above.privacy : own,
        position: above.position,
      };
      const items = Array.isArray(value) ? value : [value];
      items.forEach((item: unknown, index) => {
        const name = `${prefix}${field.name}${Array.isArray(value) ? `[${index}]` : ''}`;
        const place = { ...here, position: here.party === above.party ? here.position : index };
        if (!isOwn(place, standing)) found.push({ name, value: '', freeText: false, redacted: true });
        else if (childOf(field) !== undefined && typeof item === 'object' && item !== null)
          walk(childOf(field) as DescMessage, item, `${name}.`, place);
        else if (!isUnset(item))
          found.push({
            name,
            value: textOf(item),
            freeText: place.privacy === 'FREE_TEXT',
            redacted: false,
          });
      });
    }
  };
  walk(messageOf($type), record, '', { party: 'SUBJECT', privacy: 'NONE', position: 0 });
  return found;
}

interface Above {
  readonly party: Party;
  readonly privacy: Privacy;
  readonly position: number;
}

// Ids, codes and times tell of the record itself and are everybody's.
function isOwn({ party, privacy, position }: Above, standing: Standing): boolean {
  if (privacy === 'NONE') return true;
  if (standing.capacity === 'SUBJECT') return party === 'SUBJECT';
  return party === 'ALLEGED_PERPETRATOR' && position === standing.position;
}

function childOf(field: DescField): DescMessage | undefined {
  return field.message?.typeName.startsWith('google.protobuf.') ? undefined : field.message;
}

function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  if (typeof value === 'string') return value.endsWith('_UNSPECIFIED');
  return Array.isArray(value) && value.length === 0;
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
