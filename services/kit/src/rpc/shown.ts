import type { Access } from '../access/ability.ts';
import type { Privacy } from '../contract/privacy.ts';
import type { KeyedDigest } from '../db/keys.ts';
import type { Codec } from '../db/types.ts';
import { mask } from './mask.ts';

/** What of the answers of one call went through `show`, and the versions of it. */
export interface Shown {
  show<T extends object>(subject: string, row: object, codec: Codec<T>, message: T): T;
  /** The answer as it may leave: shown messages as they are, everything else masked to class NONE. */
  finish(typeName: string, answer: object): object;
  /** ETag of a shown message; undefined for any other. */
  etag(message: object): string | undefined;
  /** Whether an If-Match header names the ETag of a shown message; undefined for any other. */
  matches(message: object, ifMatch: string): boolean | undefined;
}

const onlyNone: ReadonlySet<Privacy> = new Set<Privacy>(['NONE']);

/** Masks and ETags of one call. */
export function shown(access: Access, digest: KeyedDigest): Shown {
  const bytesOf = new WeakMap<object, () => Uint8Array>();
  const isShown = (message: object): boolean => bytesOf.has(message);
  return {
    show(subject, row, codec, message) {
      const classes = access.classes(subject, row);
      const copy = Object.freeze(mask(codec.$type, message, classes, isShown)) as typeof message;
      bytesOf.set(copy, () => codec.encode(copy).finish());
      return copy;
    },
    finish: (typeName, answer) => mask(typeName, answer, onlyNone, isShown),
    etag(message) {
      const bytes = bytesOf.get(message);
      return bytes === undefined ? undefined : etagOf(digest, bytes());
    },
    matches(message, ifMatch) {
      const bytes = bytesOf.get(message);
      if (bytes === undefined) return undefined;
      // An ETag given out before the key changed is as good.
      return digest.every('etag', bytes()).some((each) => namesEtag(ifMatch, asEtag(each.digest)));
    },
  };
}

/** Strong ETag of an answer's bytes: a keyed digest, so that it tells nothing of what it covers. */
export function etagOf(digest: KeyedDigest, bytes: Uint8Array): string {
  return asEtag(digest('etag', bytes));
}

function asEtag(digested: Uint8Array): string {
  return `"${Buffer.from(digested).subarray(0, 16).toString('base64url')}"`;
}

function namesEtag(ifMatch: string, etag: string): boolean {
  return ifMatch.split(',').some((item) => item.trim() === '*' || item.trim() === etag);
}
