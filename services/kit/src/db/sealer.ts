import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyRing } from '../config/key-ring.ts';
import { type Bytes, deriveKey } from './keys.ts';
import type { Codec } from './types.ts';

/*
 * A sealed value: format version (1 byte), length of the key id (1), key id, nonce (12), tag (16), ciphertext.
 * AES-256-GCM; associated data is table|column|row, so a value moved to another place no longer opens. The key is
 * derived per table and column, which keeps the number of random nonces under one key far below 2^32.
 */
const formatVersion = 1;
const nonceLength = 12;
const tagLength = 16;

/** Seals and opens the values of one column. `null` and `undefined` pass through as `null`. */
export interface SealedColumn {
  seal<T>(rowId: string, codec: Codec<T>, message: T): Bytes;
  sealOptional<T>(rowId: string, codec: Codec<T>, message: T | null | undefined): Bytes | null;
  /** @throws when the bytes were changed, moved from another row or column, or sealed with an unknown key. */
  open<T>(rowId: string, codec: Codec<T>, sealed: Uint8Array): T;
  openOptional<T>(rowId: string, codec: Codec<T>, sealed: Uint8Array | null | undefined): T | undefined;
  sealText(rowId: string, text: string): Bytes;
  sealText(rowId: string, text: string | null | undefined): Bytes | null;
  openText(rowId: string, sealed: Uint8Array): string;
  openText(rowId: string, sealed: Uint8Array | null | undefined): string | undefined;
}

export interface Sealer {
  column(table: string, column: string): SealedColumn;
}

/** A column whose values are sealed. Each row's id, its column `id`, is part of what seals its values. */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
}

/** The sealer of a whole service, which knows every column that was asked of it. */
export interface ServiceSealer extends Sealer {
  readonly places: () => readonly SealedPlace[];
  /** The same value under the active key. @throws when it does not open. */
  readonly reseal: (place: SealedPlace, rowId: string, sealed: Uint8Array) => Bytes;
}

/** The codec of encrypted columns. */
export function sealer({ keyRing }: { readonly keyRing: KeyRing }): ServiceSealer {
  const places = new Map<string, SealedPlace>();
  return {
    column: (table, column) => {
      places.set(nameOf({ table, column }), { table, column });
      return sealedColumn(keyRing, { table, column });
    },
    places: () => [...places.values()],
    reseal: (place, rowId, sealed) =>
      encipher(keyRing, nameOf(place), rowId, decipher(keyRing, nameOf(place), rowId, sealed)),
  };
}

const nameOf = ({ table, column }: SealedPlace): string => `${table}|${column}`;

function sealedColumn(keyRing: KeyRing, { table, column }: SealedPlace): SealedColumn {
  const place = nameOf({ table, column });
  const sealBytes = (rowId: string, plain: Uint8Array): Bytes => encipher(keyRing, place, rowId, plain);
  const openBytes = (rowId: string, sealed: Uint8Array): Buffer => {
    try {
      return decipher(keyRing, place, rowId, sealed);
    } catch {
      // The cause could quote bytes of the value; the place says enough.
      throw new Error(
        `a value of ${table}.${column} could not be opened: changed, moved or sealed with an unknown key`,
      );
    }
  };
  const seal = <T>(rowId: string, codec: Codec<T>, message: T): Bytes =>
    sealBytes(rowId, codec.encode(message).finish());
  const open = <T>(rowId: string, codec: Codec<T>, sealed: Uint8Array): T =>
    codec.decode(openBytes(rowId, sealed));

  function sealText(rowId: string, text: string): Bytes;
  function sealText(rowId: string, text: string | null | undefined): Bytes | null;
  function sealText(rowId: string, text: string | null | undefined): Bytes | null {
    return text === null || text === undefined ? null : sealBytes(rowId, Buffer.from(text));
  }
  function openText(rowId: string, sealed: Uint8Array): string;
  function openText(rowId: string, sealed: Uint8Array | null | undefined): string | undefined;
  function openText(rowId: string, sealed: Uint8Array | null | undefined): string | undefined {
    return sealed === null || sealed === undefined ? undefined : openBytes(rowId, sealed).toString('utf8');
  }
  return {
    seal,
    open,
    sealOptional: (rowId, codec, message) =>
      message === null || message === undefined ? null : seal(rowId, codec, message),
    openOptional: (rowId, codec, sealed) =>
      sealed === null || sealed === undefined ? undefined : open(rowId, codec, sealed),
    sealText,
    openText,
  };
}

function encipher(keyRing: KeyRing, place: string, rowId: string, plain: Uint8Array): Bytes {
  const { active } = keyRing;
  const keyId = Buffer.from(active);
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv('aes-256-gcm', deriveKey(keyRing, active, `seal|${place}`), nonce);
  cipher.setAAD(Buffer.from(`${place}|${rowId}`));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  const head = Buffer.from([formatVersion, keyId.length]);
  return new Uint8Array(Buffer.concat([head, keyId, nonce, cipher.getAuthTag(), body]));
}

function decipher(keyRing: KeyRing, place: string, rowId: string, sealed: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes[0] !== formatVersion) throw new Error('unknown format');
  const keyEnd = 2 + (bytes[1] ?? 0);
  const bodyStart = keyEnd + nonceLength + tagLength;
  if (bytes.length < bodyStart) throw new Error('too short');
  const keyId = bytes.toString('utf8', 2, keyEnd);
  const nonce = bytes.subarray(keyEnd, keyEnd + nonceLength);
  const opener = createDecipheriv('aes-256-gcm', deriveKey(keyRing, keyId, `seal|${place}`), nonce, {
    authTagLength: tagLength,
  });
  opener.setAAD(Buffer.from(`${place}|${rowId}`));
  opener.setAuthTag(bytes.subarray(keyEnd + nonceLength, bodyStart));
  return Buffer.concat([opener.update(bytes.subarray(bodyStart)), opener.final()]);
}
