import { type Command, Option } from 'commander';
import type { MatrixRow } from '../access/index.ts';
import { printJson, printLine, table } from './output.ts';

interface AccessOptions {
  readonly json: boolean;
  readonly csv: boolean;
  readonly rpc?: string;
  readonly role?: string;
}

/** `access`. */
export const addAccessCommands = (program: Command): void => {
  program
    .command('access')
    .description('Who may do what: the effective matrix from the rules that the services run')
    .addOption(new Option('--json', 'every row, denials too, as JSON').default(false).conflicts('csv'))
    .addOption(new Option('--csv', 'every row, denials too, as CSV').default(false))
    .option('--rpc <name>', 'only RPCs whose name contains this, e.g. GetCase')
    .option('--role <name>', 'only this role, e.g. case-worker or service:case')
    .addHelpText('after', '\nWithout --json or --csv only what is allowed is shown; all else is denied.')
    .action(async ({ json, csv, rpc, role }: AccessOptions) => {
      const [{ accessMatrix }, { csvLine }] = await Promise.all([
        import('../access/index.ts'),
        import('@midas/kit'),
      ]);
      const rows = accessMatrix()
        .filter((row) => rpc === undefined || row.rpc.toLowerCase().includes(rpc.toLowerCase()))
        .filter((row) => role === undefined || row.role === role);
      if (json) return printJson(rows);
      if (csv) {
        const lines = rows.map((row) => csvLine([...start(row), row.decision, row.masked.join(' ')]));
        return printLine(
          [csvLine(['rpc', 'role', 'relationship', 'decision', 'masked']), ...lines].join('').trimEnd(),
        );
      }
      const allowed = rows.filter(({ decision }) => decision === 'allow');
      if (allowed.length === 0) return printLine('Nothing is allowed.');
      return printLine(
        table(
          ['RPC', 'role', 'relationship', 'masked fields'],
          allowed.map((row) => [...start(row), row.masked.join(' ')]),
        ),
      );
    });
};

const start = ({ rpc, role, relationship }: MatrixRow): readonly string[] => [rpc, role, relationship];
