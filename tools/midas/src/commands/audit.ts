import { join } from 'node:path';
import type { Command } from 'commander';
import { midasHome } from '../paths.ts';
import { listDatabases, pickServices } from '../services.ts';
import { withDatabase } from './database.ts';
import { parsePath } from './options.ts';
import { printJson, printLine } from './output.ts';

type VerifyOptions = {
  readonly service: readonly string[];
  readonly heads: readonly string[];
  readonly keys?: string;
  readonly json: boolean;
};

const EXPLAINED = `
Every entry of the audit trail is hashed, and the hashes are chained by seals. An entry that was changed, removed or put in
shows by itself. That the end of a trail was cut off, or a whole chain made anew, shows only by the heads that the services
copy out of the database: to AUDIT_HEADS_FILE and to their log. Files of either kind may be given to --heads; without it
the local platform's own file is used. 

Each entry also has a mark that only the service can make, by its lasting key. With the services' key rings (--keys; without it
the local platform's own) an entry that somebody else wrote into the database is found, sealed or not. Without them the
chain alone is judged, and entries of the last seconds, which are not sealed yet, are not.

Exit code 0 when all is in order, 1 when something is not.`;

const verifyCommand = (parent: Command): void => {
  parent
    .command('verify')
    .description('Compute the audit trails again and name what was changed, removed, put in or cut off')
    .option('--service <name...>', 'only these services', [])
    .option('--heads <file...>', 'copied heads to compare with', [])
    .option('--keys <folder>', 'key rings of the services, as <service>.json', parsePath)
    .option('--json', 'print the findings as JSON', false)
    .addHelpText('after', EXPLAINED)
    .action(async (options: VerifyOptions) => {
      const [{ readHeads }, { readMarks }, { trailText, verifyTrails }] = await Promise.all([
        import('../audit/heads.ts'),
        import('../audit/marks.ts'),
        import('../audit/verify.ts'),
      ]);
      const services = pickServices(options.service, await listDatabases());
      const heads = await readHeads(midasHome(), options.heads.map(parsePath));
      const marks = await readMarks(options.keys ?? join(midasHome(), 'keys'), services);
      const marksOf = (service: string) => marks.get(service);
      const trails = await withDatabase((databaseUrl, progress) =>
        verifyTrails({ databaseUrl, services, heads, marksOf, progress }),
      );
      if (options.json) printJson({ services: trails });
      else for (const trail of trails) printLine(trailText(trail));
      if (trails.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
    });
};

/** `audit verify`. */
export const addAuditCommands = (program: Command): void => {
  const parent = program
    .command('audit')
    .description('Look after the record of who did and was refused what');
  verifyCommand(parent);
};
