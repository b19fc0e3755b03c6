import { type Command, Option } from 'commander';
import { isUserError, userError } from '../errors.ts';
import { midasHome } from '../paths.ts';
import { createProgress, type Progress, silentProgress } from '../progress/index.ts';
import { databaseName, listDatabases, pickServices } from '../services.ts';
import { printJson, printLine, table } from './output.ts';

type Options = { readonly service: readonly string[]; readonly json: boolean };

const serviceOption = (): Option =>
  new Option('--service <name>', 'only this service; may be given again')
    .argParser((name: string, before: string[]) => [...before, name])
    .default([], 'all');

/** Runs `work` for each service that was asked for, on its own database. One that fails does not stop the others. */
const forEach = async <T>(
  asked: readonly string[],
  progress: Progress,
  work: (service: string, databaseUrl: string) => Promise<T>,
): Promise<readonly T[]> => {
  const [{ startDatabase }, { urlFor }] = await Promise.all([
    import('../backing/index.ts'),
    import('../migrate/index.ts'),
  ]);
  const services = pickServices(asked, await listDatabases());
  const database = await startDatabase({ home: midasHome(), report: silentProgress });
  try {
    const each = services.map((service) =>
      work(service, urlFor(database.databaseUrl, databaseName(service))),
    );
    const ended = await Promise.allSettled(each);
    const failed = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    const unexpected = failed.find((cause) => !isUserError(cause));
    if (unexpected !== undefined) throw unexpected;
    const done = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (failed.length === 1 && done.length === 0) throw failed[0];
    for (const cause of failed) progress.note(`${cause.message} ${cause.advice}`);
    if (failed.length > 0) process.exitCode = 1;
    return done;
  } finally {
    await database.stop();
  }
};

const rotateCommand = (parent: Command): void => {
  parent
    .command('rotate')
    .description('Put a new key in force while the services run, and watch until no value uses the old one')
    .addOption(serviceOption())
    .option('--json', 'print what was done as JSON', false)
    .addHelpText(
      'after',
      '\nBroken off at any moment, it goes on when it is run again. The old key stays until `midas keys retire`.' +
        '\nWhere a ring is not kept on this machine, it says what to put where.',
    )
    .action(async ({ service: asked, json }: Options) => {
      const [{ byHand, ringFile, rotate }, { exists }, { withLock }] = await Promise.all([
        import('../keys/index.ts'),
        import('../backing/install.ts'),
        import('../process/lock.ts'),
      ]);
      const home = midasHome();
      const services = pickServices(asked, await listDatabases());
      const local = await Promise.all(services.map((service) => exists(ringFile(home, service))));
      const here = services.filter((_, at) => local[at]);
      const progress = createProgress();
      for (const service of services) if (!here.includes(service)) progress.note(byHand(service));
      if (here.length === 0) return progress.close();
      try {
        const done = await withLock(`${home}/keys`, () =>
          forEach(here, progress, (service, databaseUrl) =>
            rotate({ service, ringFile: ringFile(home, service), databaseUrl, progress }),
          ),
        );
        progress.close();
        if (json) printJson({ services: done });
        else
          for (const { service, active, unused } of done)
            printLine(
              unused.length === 0
                ? `${service}: ${active} is in force.`
                : `${service}: ${active} is in force; no value uses ${unused.join(', ')} any more.`,
            );
        const [old] = new Set(done.flatMap(({ unused }) => unused));
        if (!json && old !== undefined) printLine(`Next: midas keys retire ${old}`);
      } finally {
        progress.close();
      }
    });
};

const retireCommand = (parent: Command): void => {
  parent
    .command('retire <key>')
    .description('Take an old key out of the rings for good; refused while anything depends on it')
    .addOption(serviceOption())
    .option('--json', 'print what was done as JSON', false)
    .addHelpText('after', '\nBackups that were made under the key can no longer be read with this ring.')
    .action(async (keyId: string, { service: asked, json }: Options) => {
      const [{ readRing, retire, ringFile }, { withLock }] = await Promise.all([
        import('../keys/index.ts'),
        import('../process/lock.ts'),
      ]);
      const home = midasHome();
      const services = pickServices(asked, await listDatabases());
      const rings = await Promise.all(services.map((service) => readRing(ringFile(home, service))));
      const having = services.filter((_, at) => Object.hasOwn(rings[at]?.keys ?? {}, keyId));
      if (having.length === 0) throw userError(`No ring has a key ${keyId}.`, 'See `midas keys status`.');
      const progress = createProgress();
      try {
        const done = await withLock(`${home}/keys`, () =>
          forEach(having, progress, (service, databaseUrl) =>
            retire({ service, ringFile: ringFile(home, service), databaseUrl, keyId }),
          ),
        );
        if (json) printJson({ services: done });
        else for (const { service, retired } of done) printLine(`${service}: ${retired} is gone.`);
      } finally {
        progress.close();
      }
    });
};

const statusCommand = (parent: Command): void => {
  parent
    .command('status')
    .description('Which keys each process holds, and how many values depend on which')
    .addOption(serviceOption())
    .option('--json', 'print it as JSON', false)
    .action(async ({ service: asked, json }: Options) => {
      const { keyStatus } = await import('../keys/index.ts');
      const progress = createProgress();
      const found = await forEach(asked, progress, keyStatus);
      progress.close();
      if (json) return printJson({ services: found });
      const processes = found.flatMap(({ service, holders }) =>
        holders.map(({ active, index, lasting, keys }) => [service, active, index, lasting, keys.join(', ')]),
      );
      printLine(table(['process of', 'seals', 'indexes', 'lasting', 'holds'], processes));
      const uses = found.flatMap(({ service, uses: each }) =>
        each.map(({ place, key, values }) => [service, place, key, String(values)]),
      );
      printLine(`\n${table(['service', 'column', 'key', 'values'], uses)}`);
    });
};

/** `keys rotate | retire | status`. */
export const addKeyCommands = (program: Command): void => {
  const parent = program
    .command('keys')
    .description('Replace the encryption keys of the services while they run');
  rotateCommand(parent);
  retireCommand(parent);
  statusCommand(parent);
};
