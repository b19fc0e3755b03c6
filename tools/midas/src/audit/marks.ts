import { join } from 'node:path';
import { type KeyedDigest, lastingDigest, parseKeyRing } from '@midas/kit';
import { exists } from '../backing/install.ts';
import { readRing } from '../keys/index.ts';

/** The digests of the services' marks, of those whose key ring is in this folder as `<service>.json`. */
export const readMarks = async (
  folder: string,
  services: readonly string[],
): Promise<ReadonlyMap<string, KeyedDigest>> => {
  const found = new Map<string, KeyedDigest>();
  for (const service of services) {
    const file = join(folder, `${service}.json`);
    if (await exists(file))
      found.set(service, lastingDigest(parseKeyRing(JSON.stringify(await readRing(file)))));
  }
  return found;
};
