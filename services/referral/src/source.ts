import { isDeepStrictEqual } from 'node:util';
import { fail } from '@midas/kit/rules';

/**
 * A partner that sends twice doubles nothing: the same content under the same reference is the record that
 * is already here. Other content under it is refused, 409 `source-reference-reused`.
 */
export function requireSameContent(
  existing: { readonly sent: unknown },
  repeated: { readonly sent: unknown },
): void {
  if (isDeepStrictEqual(existing.sent, repeated.sent)) return;
  fail(
    'conflict',
    'source-reference-reused',
    'This source_reference was already sent with other content; a correction needs a reference of its own.',
  );
}
