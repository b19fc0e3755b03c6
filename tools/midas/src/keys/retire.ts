import { type UserError, userError } from '../errors.ts';
import { withClient } from '../migrate/index.ts';
import { type Ring, readRing, withoutKey, writeRing } from './ring.ts';
import { type Holder, holders, type KeyUse, keyUses } from './uses.ts';

export type RetireOptions = {
  readonly service: string;
  readonly ringFile: string;
  readonly databaseUrl: string;
  readonly keyId: string;
  /** How long every process must have done without the key; longer than a transaction lasts. */
  readonly settleSeconds?: number;
};

/** What stands against taking a key out of a ring; undefined when nothing does. */
export const objection = (
  keyId: string,
  ring: Ring,
  state: { readonly holders: readonly Holder[]; readonly uses: readonly KeyUse[] },
  settleSeconds: number,
): string | undefined => {
  if (ring.active === keyId || ring.index === keyId) return 'it is in force';
  if (ring.lasting === keyId)
    return 'pseudonyms and kept digests rest on it, and stay as they are (decision 0013)';
  if (state.holders.length === 0) return 'no process runs that could say what it uses';
  const late = state.holders.filter(
    ({ active, index, heldSeconds }) => active === keyId || index === keyId || heldSeconds < settleSeconds,
  );
  if (late.length > 0)
    return `${late.length} of ${state.holders.length} processes used it less than ${settleSeconds} s ago`;
  const known = new Set(Object.keys(ring.keys).filter((id) => id !== keyId));
  const left = state.uses.filter(({ key }) => !known.has(key));
  if (left.length === 0) return undefined;
  return left.map(({ place, values }) => `${values} values of ${place} depend on it`).join(', ');
};

/** Takes a key out of a service's ring for good; refuses while anything depends on it. */
export const retire = ({ service, ringFile, databaseUrl, keyId, settleSeconds = 30 }: RetireOptions) =>
  withClient(databaseUrl, async (client): Promise<{ service: string; retired: string }> => {
    const ring = await readRing(ringFile);
    if (!Object.hasOwn(ring.keys, keyId))
      throw userError(`The ring of ${service} has no key ${keyId}.`, 'See `midas keys status`.');
    const state = { holders: await holders(client), uses: await keyUses(client) };
    const reason = objection(keyId, ring, state, settleSeconds);
    if (reason !== undefined) throw refusal(service, keyId, reason);
    await writeRing(ringFile, withoutKey(ring, keyId));
    return { service, retired: keyId };
  });

const refusal = (service: string, keyId: string, reason: string): UserError =>
  userError(
    `${keyId} of ${service} cannot be retired: ${reason}.`,
    'See `midas keys status`; `midas keys rotate` goes on with a rotation that was broken off.',
  );
