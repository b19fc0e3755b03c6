import type { Command } from 'commander';
import { userError } from '../errors.ts';
import { midasHome } from '../paths.ts';
import { createProgress } from '../progress/index.ts';
import { gatewayPortOption, type YearOptions, yearOptions } from './options.ts';
import { printLine } from './output.ts';
import { welcome } from './platform.ts';

/** What a shell answers for a command ended by Ctrl-C. */
const INTERRUPTED = 130;

type DemoCommandOptions = YearOptions & { readonly gatewayPort?: number; readonly exit: boolean };

const demoCommand = (program: Command): void => {
  const command = program
    .command('demo')
    .description('Start everything, replay a synthetic year, print the commissioners’ report, stay up')
    .addOption(gatewayPortOption())
    .option('--exit', 'stop everything after the report', false)
    .addHelpText('after', '\nStarted again after an interruption, the replay goes on where it was.');
  for (const option of yearOptions()) command.addOption(option);
  command.action(async (options: DemoCommandOptions) => {
    const { runDemo, stopOnSignal } = await import('../demo.ts');
    const { down } = await import('../platform/index.ts');
    const home = midasHome();
    const progress = createProgress();
    const { ended, isStopping } = stopOnSignal(home, progress);
    const { exit, ...rest } = options;
    let reported = false;
    const running = async (): Promise<void> => {
      const platform = await runDemo({ ...rest, home, progress });
      reported = true;
      if (exit) return down({ home, progress });
      progress.note(`\n${welcome(platform)}\n\nThe platform stays up. Press Ctrl-C to stop it.`);
      // Keeps this process alive until it is told to end.
      const alive = setInterval(() => undefined, 60_000);
      await ended;
      clearInterval(alive);
    };
    await Promise.race([running(), ended]).catch((cause: unknown) => {
      // A replay whose gateway was stopped under it fails; that is no news.
      if (isStopping()) return ended;
      progress.note(
        'What was started still runs: see `midas status` and `midas logs`, stop it with `midas down`.',
      );
      throw cause;
    });
    progress.close();
    // An interrupted replay may still hold connections.
    process.exit(reported ? 0 : INTERRUPTED);
  });
};

const simulateCommand = (program: Command): void => {
  const command = program
    .command('simulate')
    .description('Replay the year through the gateway of the running platform and print the report');
  for (const option of yearOptions()) command.addOption(option);
  command.action(async (options: YearOptions) => {
    const [{ simulate }, { caughtUp, addresses }] = await Promise.all([
      import('../simulate/index.ts'),
      import('../platform/index.ts'),
    ]);
    const home = midasHome();
    const found = await addresses(home);
    if (!found) throw userError('The platform does not run.', 'Start it with: midas up');
    const progress = createProgress();
    try {
      await simulate({ ...options, ...found, home, progress, status: () => caughtUp(home) });
    } finally {
      progress.close();
    }
  });
};

const tokenCommand = (program: Command): void => {
  program
    .command('token <user>')
    .description(
      'Print an access token of a demo user, e.g. commissioner@council, or of a partner, e.g. partner-police',
    )
    .action(async (user: string) => {
      const [{ accessToken }, { addresses }] = await Promise.all([
        import('../simulate/index.ts'),
        import('../platform/index.ts'),
      ]);
      const home = midasHome();
      const found = await addresses(home);
      if (!found) throw userError('The platform does not run.', 'Start it with: midas up');
      printLine(await accessToken({ ...found, home }, user));
    });
};

/** `demo`, `simulate` and `token`. */
export const addDemoCommands = (program: Command): void => {
  demoCommand(program);
  simulateCommand(program);
  tokenCommand(program);
};
