import { relative } from 'node:path';
import type { Command } from 'commander';
import { userError } from '../errors.ts';
import { midasHome, ROOT } from '../paths.ts';
import { listDatabases, listSchemas, pickServices } from '../services.ts';
import { withDatabase } from './database.ts';
import { printJson, printLine } from './output.ts';

const newCommand = (parent: Command): void => {
  parent
    .command('new <service> <name>')
    .description('Write the migration that brings the migrations of a service to its schema')
    .action(async (service: string, name: string) => {
      const { writeMigration } = await import('../migrate/index.ts');
      pickServices([service], await listSchemas());
      const file = await withDatabase((databaseUrl) =>
        writeMigration({ service, name, databaseUrl, now: new Date() }),
      );
      printLine(
        file ? relative(ROOT, file) : `Nothing to do: the migrations of ${service} already make its schema.`,
      );
    });
};

const applyCommand = (parent: Command): void => {
  parent
    .command('apply [services...]')
    .description('Make databases and roles that are missing and apply pending migrations; safe to run again')
    .option('--json', 'print what was applied as JSON', false)
    .action(async (services: string[], options: { json: boolean }) => {
      const [{ applyAll }, { rolePasswords }] = await Promise.all([
        import('../migrate/index.ts'),
        import('../platform/secrets.ts'),
      ]);
      pickServices(services, await listDatabases());
      const passwords = await rolePasswords(midasHome(), await listDatabases());
      const done = await withDatabase((databaseUrl) => applyAll({ databaseUrl, passwords, services }));
      if (options.json) return printJson({ databases: done });
      for (const { database, applied } of done)
        printLine(`${database}: ${applied.join(', ') || 'up to date'}`);
    });
};

const checkCommand = (parent: Command): void => {
  parent
    .command('check')
    .description('Compare schemas, migrations and databases; exit code 1 when they differ')
    .option('--json', 'print the findings as JSON', false)
    .action(async (options: { json: boolean }) => {
      const { checkDrift } = await import('../migrate/index.ts');
      const drifts = await withDatabase((databaseUrl) => checkDrift(databaseUrl));
      if (options.json) printJson({ services: drifts });
      else
        for (const { service, findings } of drifts)
          printLine(`${service}: ${findings.length === 0 ? 'no drift' : findings.join('\n')}`);
      const drifted = drifts.filter((each) => each.findings.length > 0).map((each) => each.service);
      if (drifted.length > 0)
        throw userError(
          `Schema, migrations or database differ: ${drifted.join(', ')}.`,
          'See above what to do.',
        );
    });
};

/** `migrate new | apply | check`. */
export const addMigrateCommands = (program: Command): void => {
  const parent = program
    .command('migrate')
    .description('Write, apply and check the migrations of the databases');
  newCommand(parent);
  applyCommand(parent);
  checkCommand(parent);
};
