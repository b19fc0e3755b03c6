import type { Command } from 'commander';
import { createProgress } from '../progress/index.ts';
import { printJson, printLine } from './output.ts';

const generateCommand = (program: Command): void => {
  program
    .command('generate')
    .description(
      'Generate code from the contract and the database schemas; leaves alone what has not changed',
    )
    .option('--json', 'print what was made as JSON', false)
    .action(async (options: { json: boolean }) => {
      const { generateAll } = await import('../generate/index.ts');
      const progress = createProgress();
      try {
        const generated = await generateAll(progress);
        if (options.json) printJson({ generated });
      } finally {
        progress.close();
      }
    });
};

const contractCommand = (program: Command): void => {
  const parent = program.command('contract').description('Work on the contract in proto/');
  parent
    .command('check')
    .description('Lint, format, and that no caller of the last release is broken')
    .option('--json', 'print the result as JSON', false)
    .action(async (options: { json: boolean }) => {
      const { checkContract } = await import('../generate/contract.ts');
      const { comparedWith } = await checkContract();
      if (options.json) return printJson({ ok: true, comparedWith: comparedWith ?? null });
      printLine(
        comparedWith
          ? `The contract is in order; compared with ${comparedWith === 'HEAD' ? 'the last commit' : comparedWith}.`
          : 'The contract is in order; there is no earlier one to compare it with.',
      );
    });
};

/** `generate` and `contract check`. */
export const addGenerateCommands = (program: Command): void => {
  generateCommand(program);
  contractCommand(program);
};
