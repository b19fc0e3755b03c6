import type { Command } from 'commander';
import { midasHome } from '../paths.ts';
import type { Platform, ProcessStatus } from '../platform/index.ts';
import { createProgress } from '../progress/index.ts';
import { gatewayPortOption, parseLines } from './options.ts';
import { printJson, printLine, table } from './output.ts';

/** Where the running platform is reached, in lines for a person. */
export const welcome = (platform: Platform): string => {
  const lines = [
    ...(platform.gatewayMoved ? ['The wanted port was taken, so the gateway listens on a free one.'] : []),
    `Gateway   ${platform.gatewayUrl}   (documentation at /docs, OpenAPI at /openapi.json)`,
    `Keycloak  ${platform.backing.keycloakUrl}   (demo users: infra/keycloak/demo-users.json)`,
    `Logs      ${platform.home}/logs   (or: midas logs [service] -f)`,
    ...platform.missing.map((service) => `Left out  ${service}: it has no src/main.ts yet`),
  ];
  return lines.join('\n');
};

const upCommand = (program: Command): void => {
  program
    .command('up')
    .description('Start PostgreSQL, NATS, Keycloak and all services; leaves alone what runs')
    .addOption(gatewayPortOption())
    .option('--json', 'print the addresses as JSON', false)
    .action(async (options: { gatewayPort?: number; json: boolean }) => {
      const [{ generateAll }, { up }] = await Promise.all([
        import('../generate/index.ts'),
        import('../platform/index.ts'),
      ]);
      const progress = createProgress();
      try {
        await generateAll(progress);
        const { gatewayPort } = options;
        const platform = await up({ home: midasHome(), progress, ...(gatewayPort ? { gatewayPort } : {}) });
        progress.close();
        const { gatewayUrl, backing, ports, missing } = platform;
        const { databaseUrl: _hidden, natsUrl, keycloakUrl, keycloakIssuer } = backing;
        if (options.json) printJson({ gatewayUrl, natsUrl, keycloakUrl, keycloakIssuer, ports, missing });
        else printLine(`\n${welcome(platform)}`);
      } finally {
        progress.close();
      }
    });
};

const downCommand = (program: Command): void => {
  program
    .command('down')
    .description('Stop all services, then the backing services; data stays')
    .action(async () => {
      const { down } = await import('../platform/index.ts');
      const progress = createProgress();
      try {
        await down({ home: midasHome(), progress });
      } finally {
        progress.close();
      }
    });
};

const cells = (each: ProcessStatus): readonly string[] => [
  each.name,
  each.state,
  String(each.pid ?? ''),
  String(each.port ?? ''),
  String(each.adminPort ?? ''),
  each.version ?? '',
  String(each.outboxPending ?? ''),
  String(each.consumerPending ?? ''),
  Object.entries(each.dependencies ?? {})
    .map(([name, state]) => `${name} ${state}`)
    .join(', '),
];

const HEAD = ['process', 'state', 'pid', 'port', 'admin', 'version', 'outbox', 'consumer', 'stands on'];

const statusCommand = (program: Command): void => {
  program
    .command('status')
    .description('Show each process: state, ports, version, readiness and events still on their way')
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', '\nExit code 0 when everything is ready, 3 when something is not.')
    .action(async (options: { json: boolean }) => {
      const { status } = await import('../platform/index.ts');
      const processes = await status(midasHome());
      if (options.json) printJson({ processes });
      else printLine(table(HEAD, processes.map(cells)));
      const fine: readonly ProcessStatus['state'][] = ['ready', 'elsewhere', 'has no code yet'];
      if (processes.some((each) => !fine.includes(each.state))) process.exitCode = 3;
    });
};

const logsCommand = (program: Command): void => {
  program
    .command('logs [process]')
    .description('Print the end of the logs of one process, or of all')
    .option('-f, --follow', 'go on printing what is added, until interrupted', false)
    .option('-n, --lines <number>', 'how many lines from the end', parseLines, 40)
    .action(async (name: string | undefined, options: { follow: boolean; lines: number }) => {
      const { showLogs } = await import('../platform/index.ts');
      const ending = new AbortController();
      process.once('SIGINT', () => ending.abort());
      process.once('SIGTERM', () => ending.abort());
      await showLogs({
        home: midasHome(),
        ...(name ? { name } : {}),
        ...options,
        print: printLine,
        signal: ending.signal,
      });
    });
};

/** `up`, `down`, `status` and `logs`. */
export const addPlatformCommands = (program: Command): void => {
  upCommand(program);
  downCommand(program);
  statusCommand(program);
  logsCommand(program);
};
