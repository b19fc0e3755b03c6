import type { Command } from 'commander';
import { printJson, printLine } from './output.ts';

/** `check dependencies` and `check advisories`. */
export const addCheckCommands = (program: Command): void => {
  const parent = program.command('check').description('Look at what this repository depends on');
  parent
    .command('dependencies')
    .description('Pinned, from a registry, nothing run on install, allowed licences; asks nobody')
    .option('--json', 'print the result as JSON', false)
    .action(async ({ json }: { json: boolean }) => {
      const { checkDependencies } = await import('../checks/dependencies.ts');
      const { packages } = await checkDependencies();
      if (json) printJson({ ok: true, packages });
      else printLine(`The ${packages} packages are in order.`);
    });
  parent
    .command('advisories')
    .description('Ask the package registry for known weaknesses; ends with 75 when it cannot be asked')
    .action(async () => {
      const { checkAdvisories } = await import('../checks/advisories.ts');
      printLine(await checkAdvisories());
    });
};
