import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJson } from '../backing/state.ts';
import { userError } from '../errors.ts';

const KEY_BYTES = 32;

const shape = z.object({
  active: z.string(),
  index: z.string().optional(),
  lasting: z.string().optional(),
  keys: z.record(z.string(), z.string()),
});

/** A service's key ring as its file holds it; the service's configuration says what each name is for. */
export type Ring = {
  readonly active: string;
  readonly index: string;
  readonly lasting: string;
  readonly keys: Readonly<Record<string, string>>;
};

const newKey = (): string => randomBytes(KEY_BYTES).toString('base64');

/** Where the local platform keeps a service's key ring. */
export const ringFile = (home: string, service: string): string => join(home, 'keys', `${service}.json`);

/** The ring of a service's first start. What cannot be made anew has a key of its own, which stays. */
export const firstRing = (): Ring => ({
  active: 'k1',
  index: 'k1',
  lasting: 'l1',
  keys: { k1: newKey(), l1: newKey() },
});

/** Reads a ring file; throws a `UserError` that quotes nothing of it. */
export const readRing = async (file: string): Promise<Ring> => {
  const text = await readFile(file, 'utf8').catch(() => {
    throw userError(`There is no key ring at ${file}.`, 'Start the platform once with `midas up`.');
  });
  try {
    const { keys, ...named } = shape.parse(JSON.parse(text));
    const { active, index = active, lasting = Object.keys(keys)[0] ?? active } = named;
    return { active, index, lasting, keys };
  } catch {
    throw userError(`The key ring at ${file} is not valid.`, 'Compare it with decision 0013.');
  }
};

/** Writes a ring file, whole at any moment and for its owner only. */
export const writeRing = (file: string, ring: Ring): Promise<void> => writeJson(file, ring);

/** `k1`, `k2` → `k3`: the next name that was not used in this ring. */
const nextKeyId = ({ keys }: Ring): string => {
  const numbers = Object.keys(keys).map((id) => Number(/^k(\d+)$/.exec(id)?.[1] ?? 0));
  return `k${Math.max(0, ...numbers) + 1}`;
};

/** The ring with one key more that nothing uses yet: processes learn it before anything is made with it. */
export const withNewKey = (ring: Ring): { readonly ring: Ring; readonly keyId: string } => {
  const keyId = nextKeyId(ring);
  return { keyId, ring: { ...ring, keys: { ...ring.keys, [keyId]: newKey() } } };
};

/** A key that was added and never came into force: the rest of a rotation that was broken off. */
export const addedKey = ({ active, index, lasting, keys }: Ring): string | undefined => {
  const ids = Object.keys(keys);
  const last = ids.at(-1);
  const isNewer = last !== undefined && ids.indexOf(last) > ids.indexOf(active);
  return isNewer && ![active, index, lasting].includes(last) ? last : undefined;
};

/** The ring with another key in force. The lasting key is named, so that it stays when older keys go. */
export const inForce = (ring: Ring, keyId: string): Ring => ({ ...ring, active: keyId, index: keyId });

/** Keys that are in force for nothing. */
export const spareKeys = ({ active, index, lasting, keys }: Ring): readonly string[] =>
  Object.keys(keys).filter((id) => ![active, index, lasting].includes(id));

/** The ring without a key. */
export const withoutKey = (ring: Ring, keyId: string): Ring => {
  const keys = Object.fromEntries(Object.entries(ring.keys).filter(([id]) => id !== keyId));
  return { ...ring, keys };
};
