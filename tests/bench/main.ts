import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { destroy, status, up } from '@midas/cli/platform';
import { auditWrites, costOfChecks } from './checks.ts';
import { signedIn } from './client.ts';
import { floor } from './floor.ts';
import { lag, readAt, submit, submitRate, type Target } from './measured.ts';
import { prismaAlone } from './prisma-alone.ts';
import { percentile, perSecond, type Timings } from './statistics.ts';

const help = `Usage: npm run bench -- [--seconds N]

Starts a platform of its own on free ports, measures it beside the floor in the same run, prints a table and stops it.
  --seconds N   how long each rate is measured (default 10)`;

if (process.argv.includes('--help')) {
  console.log(help);
  process.exit(0);
}
const at = process.argv.indexOf('--seconds');
const seconds = at < 0 ? 10 : Number(process.argv[at + 1]);
if (!(seconds > 0)) throw new Error('--seconds needs a number, for example --seconds 10');

const demo: { readonly password: string } = JSON.parse(
  await readFile(join(import.meta.dirname, '../../infra/keycloak/demo-users.json'), 'utf8'),
);
const home = process.env.MIDAS_BENCH_HOME ?? (await mkdtemp(join(tmpdir(), 'midas-bench-')));
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const fine = (value: number): string => `${value.toFixed(3)} ms`;
const rate = (timings: Timings): string => `${perSecond(timings).toFixed(0)} /s`;
const spread = ({ milliseconds: values }: Timings): string =>
  `p50 ${milliseconds(percentile(values, 0.5))}, p95 ${milliseconds(percentile(values, 0.95))}`;

try {
  say('starting the platform …');
  const platform = await up({ home });
  const { databaseUrl, keycloakIssuer } = platform.backing;
  const urlOf = (database: string): string => {
    const url = new URL(databaseUrl);
    url.pathname = `/midas_${database}`;
    return url.href;
  };
  const as = (user: string): Target => ({
    gatewayUrl: platform.gatewayUrl,
    token: signedIn(keycloakIssuer, user, demo.password),
  });
  const police = as('referrer@police');

  say('submitting …');
  const id = await submit(police);
  const gateway = await submitRate(police, seconds);
  say('reads …');
  const single = await readAt(police, `/v1/referrals/${id}`, 100, seconds);
  const page = await readAt(police, '/v1/referrals?page_size=50', 20, seconds);
  say('lag …');
  const lags = await lag(police, { referral: urlOf('referral'), outcomes: urlOf('outcomes') }, 100, seconds);
  // Last: their rows are copies under other ids, whose sealed columns nobody can open.
  say('floor …');
  const straight = await floor(urlOf('referral'), seconds);
  say('Prisma alone …');
  const prisma = await prismaAlone(urlOf('referral'), seconds);
  say('checks …');
  const checks = await costOfChecks();
  const audit = await auditWrites(urlOf('referral'), 500);
  const processes = (await status(home)).filter(({ kind }) => kind === 'service');

  const floorRate = perSecond(straight);
  const ratio = (timings: Timings): string => (perSecond(timings) / floorRate).toFixed(2);
  const rows = [
    ['what', 'measured', 'ratio'],
    ['floor: same rows, one transaction, `pg`, 16 connections', rate(straight), '1'],
    ['the same through Prisma alone', rate(prisma), `${ratio(prisma)} of the floor`],
    [
      'submit a referral through the gateway, 16 clients',
      `${rate(gateway)}, ${spread(gateway)}`,
      `${ratio(gateway)} of the floor, ${(perSecond(gateway) / perSecond(prisma)).toFixed(2)} of Prisma alone`,
    ],
    ['read one referral, 100/s', spread(single), ''],
    ['read a page of 50, 20/s', spread(page), ''],
    [
      'commit to outcomes, 100 events/s',
      `p50 ${milliseconds(percentile(lags, 0.5))}, p99 ${milliseconds(percentile(lags, 0.99))}`,
      '',
    ],
    [
      'token, rules and masks of one record, without and with',
      `p50 ${fine(percentile(checks.bare, 0.5))} and ${fine(percentile(checks.checked, 0.5))}`,
      `${fine(percentile(checks.checked, 0.5) - percentile(checks.bare, 0.5))} a call`,
    ],
    [
      'an audit row, each its own commit',
      `p50 ${fine(percentile(audit, 0.5))}, p95 ${fine(percentile(audit, 0.95))}`,
      'reads at the same time share one',
    ],
    ...(await Promise.all(
      processes.map(async ({ name, pid }) => [`memory of ${name}`, `${await residentMegabytes(pid)} MB`, '']),
    )),
  ];
  for (const [index, row] of rows.entries()) {
    console.log(`| ${row.join(' | ')} |`);
    if (index === 0) console.log('|---|---|---|');
  }
} finally {
  if (process.env.MIDAS_BENCH_HOME === undefined) await destroy({ home });
}

async function residentMegabytes(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? Number.NaN) / 1024);
}
