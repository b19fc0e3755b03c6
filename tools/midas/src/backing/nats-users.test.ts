import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { natsServer } from './index.ts';
import { accountsText, natsKeys } from './nats-users.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'midas-nats-users-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** That the server takes a configuration; it says nothing when it does not. */
const accepted = async (text: string, environment: NodeJS.ProcessEnv = {}): Promise<void> => {
  const file = join(folder, 'server.conf');
  await writeFile(file, `jetstream {}\n${text}`);
  const env = { PATH: process.env.PATH, ...environment };
  await promisify(execFile)(await natsServer(), ['-t', '-c', file], { env });
};

it('each user has a key that its owner alone reads, made once', async () => {
  const keys = await natsKeys(join(folder, 'keys'));
  expect([...keys.keys()]).toEqual(expect.arrayContaining(['midas-admin', 'case', 'perpetrator-programme']));
  expect(keys.has('gateway')).toBe(false);
  for (const { seedFile, publicKey } of keys.values()) {
    expect((await stat(seedFile)).mode & 0o777).toBe(0o600);
    expect(publicKey).toMatch(/^U/);
  }
  expect(await natsKeys(join(folder, 'keys'))).toEqual(keys);
});

it('the accounts by keys hold no secret, and the server takes them', async () => {
  const keys = await natsKeys(join(folder, 'keys'));
  const text = await accountsText(keys);
  await accepted(text);
  for (const { seedFile, publicKey } of keys.values()) {
    expect(text).toContain(publicKey);
    expect(text).not.toContain((await readFile(seedFile, 'utf8')).trim());
  }
});

it('without keys the server has passwords from its environment, and none is written down', async () => {
  const text = await accountsText();
  expect(text).toContain('$NATS_PASSWORD_HEALTH_ACCESS');
  await expect(accepted(text)).rejects.toThrow('NATS_PASSWORD');
  const names = [...text.matchAll(/\$(NATS_PASSWORD_\w+)/g)].map(([, name]) => name ?? '');
  await accepted(text, Object.fromEntries(names.map((name) => [name, 'synthetic-password'])));
});

it('a key file with something else in it is refused', async () => {
  await natsKeys(join(folder, 'broken'));
  await writeFile(join(folder, 'broken', 'case.nk'), 'not a seed');
  await expect(natsKeys(join(folder, 'broken'))).rejects.toThrow(/case\.nk/);
});
