#!/usr/bin/env node
import { Command } from 'commander';
import { addAccessCommands } from './commands/access.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addCheckCommands } from './commands/check.ts';
import { addDemoCommands } from './commands/demo.ts';
import { addGenerateCommands } from './commands/generate.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addMigrateCommands } from './commands/migrate.ts';
import { addNatsCommands } from './commands/nats.ts';
import { explainFailure } from './commands/output.ts';
import { addPlatformCommands } from './commands/platform.ts';
import { addSubjectCommands } from './commands/subject.ts';

const program = new Command('midas')
  .description('Runs, migrates and demonstrates the platform on this machine')
  .showHelpAfterError('(add --help for the options)')
  .addHelpText(
    'after',
    '\nData, logs, keys and secrets are kept in .midas, or in the folder that MIDAS_HOME names.' +
      '\nPostgreSQL, NATS and Keycloak of your own are used when DATABASE_URL, NATS_URL, KEYCLOAK_URL name them.',
  );

addDemoCommands(program);
addPlatformCommands(program);
addMigrateCommands(program);
addAuditCommands(program);
addNatsCommands(program);
addKeyCommands(program);
addGenerateCommands(program);
addAccessCommands(program);
addCheckCommands(program);
addSubjectCommands(program);

// A reader that has seen enough (`midas status | head`) is no error.
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code !== 'EPIPE') throw cause;
  process.exit();
});

try {
  await program.parseAsync();
} catch (cause) {
  process.exitCode = explainFailure(cause);
}
