import { withClient } from '../migrate/index.ts';
import { type Holder, holders, type KeyUse, keyUses } from './uses.ts';

export { type RetireOptions, retire } from './retire.ts';
export { firstRing, readRing, ringFile, writeRing } from './ring.ts';
export { type Rotated, type RotateOptions, rotate } from './rotate.ts';
export type { Holder, KeyUse } from './uses.ts';

export type KeyStatus = {
  readonly service: string;
  readonly holders: readonly Holder[];
  readonly uses: readonly KeyUse[];
};

/** Which keys the processes of a service hold, and how many values depend on which. */
export const keyStatus = (service: string, databaseUrl: string): Promise<KeyStatus> =>
  withClient(databaseUrl, async (client) => ({
    service,
    holders: await holders(client),
    uses: await keyUses(client),
  }));

/** What to do where the ring is not a file of this machine. */
export const byHand = (
  service: string,
): string => `${service}: its key ring is not kept here. In the secret that its KEY_RING_FILE (or KEY_RING) comes from:
  1. Add a key under a new name: "keys": {…, "<new>": "<openssl rand -base64 32>"}; leave "active" and "index".
     Wait until every process lists it (midas keys status --service ${service}). A ring in KEY_RING needs a rolling restart.
  2. Set "active" and "index" to <new>. "lasting" stays; where it was not named, name the first of the keys. Wait again, likewise.
     The service then brings every value under the new key, beside its work; the same command counts what is left.
  3. When nothing depends on the old key and 30 s have passed, take it out of "keys".`;
