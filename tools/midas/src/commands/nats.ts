import { join } from 'node:path';
import type { Command } from 'commander';
import { userError } from '../errors.ts';
import { midasHome } from '../paths.ts';
import { parsePath, parseReplicas } from './options.ts';
import { printJson, printLine } from './output.ts';

const permissionsCommand = (parent: Command): void => {
  parent
    .command('permissions')
    .description('Print the accounts, users and permissions for the configuration of a NATS server')
    .option('--json', 'print who may publish and subscribe to what, as JSON', false)
    .option(
      '--keys <folder>',
      'name users by nkeys of this folder, and make those that are missing',
      parsePath,
    )
    .addHelpText(
      'after',
      '\nWithout --keys users have names, and passwords in variables of the server, NATS_PASSWORD_<USER>.' +
        '\nA service is given its own as NATS_NKEY_SEED_FILE, or as NATS_USER and NATS_PASSWORD_FILE.',
    )
    .action(async (options: { json: boolean; keys?: string }) => {
      const { accountsText, natsKeys } = await import('../backing/nats-users.ts');
      const { permissionsOf, streamUsers } = await import('@midas/kit/nats');
      if (options.json)
        printJson({ users: streamUsers().map((user) => ({ ...user, ...permissionsOf(user) })) });
      else printLine(await accountsText(options.keys ? await natsKeys(options.keys) : undefined));
    });
};

const applyCommand = (parent: Command): void => {
  parent
    .command('apply')
    .description('Make the stream and the durable consumers of the services, or bring them to the contract')
    .option(
      '--replicas <number>',
      'copies of the stream in a cluster; left as they are without it',
      parseReplicas,
    )
    .addHelpText(
      'after',
      '\nOn the server of NATS_URL as its administrator (NATS_NKEY_SEED_FILE, or NATS_USER and NATS_PASSWORD_FILE;' +
        '\nTLS_CA_FILE, TLS_CERT_FILE and TLS_KEY_FILE), or on the local one.',
    )
    .action(async ({ replicas }: { replicas?: number }) => {
      const [{ applyNats }, access] = await Promise.all([import('../platform/stream.ts'), natsAccess()]);
      const consumers = await applyNats({ ...access, environment: process.env }, replicas);
      printLine(`The stream is there, and the durable consumers of ${consumers.join(', ')}.`);
    });
};

/** The server of NATS_URL, or the one that runs in this home. */
const natsAccess = async () => {
  const { seedFilesIn } = await import('../backing/nats-users.ts');
  const { NATS_URL: url, NATS_KEYS: folder } = process.env;
  if (url) return { url, seedFiles: folder ? await seedFilesIn(folder) : {} };
  const { readLive } = await import('../process/pidfile.ts');
  const port = (await readLive(midasHome(), 'nats'))?.ports.nats;
  if (port === undefined)
    throw userError('NATS does not run here.', 'Start it with `midas up`, or set NATS_URL.');
  return { url: `nats://127.0.0.1:${port}`, seedFiles: await seedFilesIn(join(midasHome(), 'keys', 'nats')) };
};

/** `nats permissions` and `nats apply`. */
export const addNatsCommands = (program: Command): void => {
  const parent = program
    .command('nats')
    .description('What the services may do on NATS, and what they find there');
  permissionsCommand(parent);
  applyCommand(parent);
};
