import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';

/** A user's nkey: the file with its seed, which only its owner has, and the public half, which the server knows. */
export type NatsKey = { readonly seedFile: string; readonly publicKey: string };

const SEED = /^SU[A-Z2-7]{56}$/;

const seedFile = (folder: string, user: string): string => join(folder, `${user}.nk`);

const publicKeyOf = (seed: string): string => nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();

const keyIn = async (folder: string, user: string): Promise<NatsKey> => {
  const file = seedFile(folder, user);
  const known = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    return undefined;
  });
  if (known !== undefined && !SEED.test(known.trim()))
    throw new Error(`${file} holds no seed of a user nkey.`);
  const seed = known?.trim() ?? new TextDecoder().decode(nkeys.createUser().getSeed());
  if (known === undefined) await writeFile(file, `${seed}\n`, { mode: 0o600, flag: 'wx' });
  return { seedFile: file, publicKey: publicKeyOf(seed) };
};

/** The users that NATS is to know: one a service that publishes or hears, and the administrator of the stream. */
const natsUserNames = async (): Promise<readonly string[]> => {
  const { streamAdmin, streamUsers } = await import('@midas/kit/nats');
  return [streamAdmin, ...streamUsers().map(({ name }) => name)];
};

/** The nkey of each user, one file a user in `folder`; those that are missing are made. */
export const natsKeys = async (folder: string): Promise<ReadonlyMap<string, NatsKey>> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const users = await natsUserNames();
  return new Map(await Promise.all(users.map(async (user) => [user, await keyIn(folder, user)] as const)));
};

/** Files with the seeds of all users in a folder of somebody else's making. */
export const seedFilesIn = async (folder: string): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries((await natsUserNames()).map((user) => [user, seedFile(folder, user)]));

/** The password of a user in a server's configuration, by a variable of the server's environment. */
const passwordVariable = (user: string): string =>
  `$NATS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`;

/**
 * The accounts of a NATS server as its configuration holds them. By the public keys that are given it holds no secret;
 * without, users have names, and passwords from the server's environment.
 */
export const accountsText = async (keys?: ReadonlyMap<string, NatsKey>): Promise<string> => {
  const { natsAccounts, streamUsers } = await import('@midas/kit/nats');
  const accounts = natsAccounts(streamUsers(), (user) => {
    const key = keys?.get(user);
    return key ? { nkey: key.publicKey } : { user, password: passwordVariable(user) };
  });
  // A variable is one only without quotation marks.
  return `accounts: ${JSON.stringify(accounts, null, 2)}\n`.replaceAll(/"(\$NATS_PASSWORD_\w+)"/g, '$1');
};
