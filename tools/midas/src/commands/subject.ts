import { readFile, writeFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { Command } from 'commander';
import { userError } from '../errors.ts';
import type { Api, ApiOptions } from '../subject/api.ts';
import { printJson, printLine, table } from './output.ts';

const requests = (id: string): string => `/v1/subject-requests/${encodeURIComponent(id)}`;

/** Adds how the gateway is reached to a command. */
const reaching = (command: Command): Command =>
  command
    .option('--gateway <url>', 'gateway of another platform; its token is read from MIDAS_TOKEN')
    .option('--as <user>', 'demo user on this machine', 'information-governance@council');

const withApi = async (options: ApiOptions, work: (api: Api) => Promise<void>): Promise<void> => {
  const { openApi } = await import('../subject/api.ts');
  using api = await openApi(options);
  await work(api);
};

/** A file's text, or standard input for `-`: what tells of a person is never an argument, which `ps` shows to all. */
const textIn = (file: string): Promise<string> =>
  file === '-' ? textOf(process.stdin) : readFile(file, 'utf8');

async function personIn(file: string): Promise<unknown> {
  try {
    return JSON.parse(await textIn(file));
  } catch {
    throw userError(
      'The person could not be read.',
      'Give a file, or - for standard input, with {"nhs_number": "…"} or {"given_name": "…", "family_name": "…", "birth_date": "YYYY-MM-DD"}.',
    );
  }
}

const openCommand = (parent: Command): void => {
  reaching(parent.command('open').description('Open a request about one person; prints its id'))
    .requiredOption('--reference <number>', 'your own number for the request, e.g. sar-2026-014')
    .requiredOption(
      '--person <file>',
      'JSON with an NHS number, or names and birth date; - for standard input',
    )
    .action(async ({ reference, person, ...options }) => {
      const named = await personIn(person);
      await withApi(options, async (api) =>
        printJson(await api.post('/v1/subject-requests', { person: named, reference })),
      );
    });
};

const reviewCommands = (parent: Command): void => {
  reaching(
    parent.command('review <id>').description('What a person has to read before it is handed out; JSON'),
  ).action((id: string, options: ApiOptions) =>
    withApi(options, async (api) => printJson(await api.get(`${requests(id)}/review`))),
  );
  reaching(parent.command('decide <id>').description('Release or withhold what was reviewed'))
    .option('--release <items...>', 'names of pieces as the review gives them', [])
    .option('--withhold <items...>', 'names of pieces as the review gives them', [])
    .action(async (id: string, { release, withhold, ...options }) => {
      const decisions = [
        ...release.map((item: string) => ({ item, release: true })),
        ...withhold.map((item: string) => ({ item, release: false })),
      ];
      if (decisions.length === 0)
        throw userError('Nothing was decided.', 'Name pieces with --release or --withhold.');
      await withApi(options, async (api) =>
        printJson(await api.change(requests(id), 'decide', { decisions })),
      );
    });
};

const exportCommand = (parent: Command): void => {
  reaching(parent.command('export <id>').description('The copy for the subject, as JSON and as a page'))
    .option('--json <file>', 'write the copy there as JSON (standard output when neither is given)')
    .option('--html <file>', 'write the copy there as a page')
    .action(async (id: string, { json, html, ...options }) => {
      const { copyHtml, copyShape } = await import('../subject/copy.ts');
      await withApi(options, async (api) => {
        const copy = copyShape.parse(await api.get(`${requests(id)}/export`));
        const file = { mode: 0o600 } as const;
        if (json !== undefined) await writeFile(json, `${JSON.stringify(copy, null, 2)}\n`, file);
        if (html !== undefined) await writeFile(html, copyHtml(copy), file);
        if (json === undefined && html === undefined) printJson(copy);
        else printLine(`Wrote ${copy.records.length} records.`);
      });
    });
};

const accessesCommand = (parent: Command): void => {
  reaching(
    parent.command('accesses <id>').description('Who asked for the person’s records, in every service'),
  )
    .option('--json', 'as JSON', false)
    .action(async (id: string, { json, ...options }) => {
      await withApi(options, async (api) => {
        const rows: Record<string, string>[] = [];
        for (let token = ''; ; ) {
          const query = new URLSearchParams({ page_size: '200', page_token: token });
          const page = Object(await api.get(`${requests(id)}/accesses?${query}`));
          rows.push(...(page.accesses ?? []));
          token = page.next_page_token ?? '';
          if (token === '') break;
        }
        if (json) return printJson(rows);
        if (rows.length === 0) return printLine('Nobody asked for them.');
        const cells = rows.map((row) =>
          ['at', 'user_name', 'organisation', 'rpc', 'purpose', 'decision', 'outcome'].map(
            (key) => row[key] ?? '',
          ),
        );
        return printLine(
          table(['at', 'who', 'organisation', 'asked for', 'purpose', 'decision', 'outcome'], cells),
        );
      });
    });
};

const endingCommands = (parent: Command): void => {
  const reasonText = 'a file with the reason; - for standard input';
  reaching(parent.command('hold <id>').description('Hold everything on the person against erasure'))
    .requiredOption('--reason <file>', reasonText)
    .action(async (id: string, { reason, ...options }) => {
      const given = (await textIn(reason)).trim();
      await withApi(options, async (api) =>
        printJson(await api.post(`${requests(id)}/legal-holds`, { reason: given })),
      );
    });
  reaching(parent.command('lift <hold>').description('Lift a legal hold')).action(
    (hold: string, options: ApiOptions) =>
      withApi(options, async (api) =>
        printJson(await api.change(`/v1/legal-holds/${encodeURIComponent(hold)}`, 'lift', {})),
      ),
  );
  reaching(parent.command('erase <id>').description('Erase the person’s records; there is no way back'))
    .requiredOption('--reason <file>', reasonText)
    .action(async (id: string, { reason, ...options }) => {
      const given = (await textIn(reason)).trim();
      await withApi(options, async (api) =>
        printJson(await api.change(requests(id), 'erase', { reason: given })),
      );
    });
};

const retentionCommands = (program: Command): void => {
  const parent = program.command('retention').description('Records that no rule keeps any longer');
  reaching(parent.command('due').description('What a run would erase, by id; changes nothing')).action(
    (options: ApiOptions) =>
      withApi(options, async (api) => {
        const due: unknown[] = [];
        for (let token = ''; ; ) {
          const query = new URLSearchParams({ page_size: '200', page_token: token });
          const page = Object(await api.get(`/v1/retention-due?${query}`));
          due.push(...(page.due ?? []));
          token = page.next_page_token ?? '';
          if (token === '') return printJson(due);
        }
      }),
  );
  reaching(parent.command('run').description('Erase everything that is due; goes on by itself')).action(
    (options: ApiOptions) =>
      withApi(options, async (api) => printJson(await api.post('/v1/retention-runs', {}))),
  );
  reaching(parent.command('status <run>').description('How far a run is')).action(
    (run: string, options: ApiOptions) =>
      withApi(options, async (api) =>
        printJson(await api.get(`/v1/retention-runs/${encodeURIComponent(run)}`)),
      ),
  );
};

/** `subject` and `retention`. */
export const addSubjectCommands = (program: Command): void => {
  const parent = program
    .command('subject')
    .description('Requests of data subjects: copy, review, who looked, holds, erasure')
    .addHelpText(
      'after',
      '\nSteps of a copy: open, review, decide, export. Answers are JSON; what tells of a person goes in by files only.',
    );
  openCommand(parent);
  reviewCommands(parent);
  exportCommand(parent);
  accessesCommand(parent);
  endingCommands(parent);
  retentionCommands(program);
};
