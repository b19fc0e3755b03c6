import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gaugeSum } from '@midas/cli/platform';
import { type CaughtUp, type SimulateOptions, silentProgress, simulate } from '@midas/cli/simulate';
import { suiteVariable } from '@midas/kit/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Platform, testPlatform } from '../setup/platform.ts';

let platform: Platform;
let home: string;
beforeAll(async () => {
  // The replay prints the report; here it is read from the file.
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  [platform, home] = await Promise.all([testPlatform(), mkdtemp(join(tmpdir(), 'midas-year-'))]);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await platform[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** How far the consumers are, as every process says at its metrics page. */
async function caughtUp(): Promise<CaughtUp> {
  const pages = await Promise.all(
    Object.values(platform.processes).map(async ({ adminUrl }) =>
      (await fetch(`${adminUrl}/metrics`)).text(),
    ),
  );
  const sum = (name: string) => pages.reduce((total, page) => total + (gaugeSum(page, name) ?? 0), 0);
  const outboxPending = sum('midas_outbox_pending');
  const consumerPending = sum('midas_consumer_pending');
  const deadLetters = sum('midas_dead_letters');
  const isClear = outboxPending + consumerPending === 0;
  return { caughtUp: isClear, outboxPending, consumerPending, deadLetters, unreachable: [] };
}

/** Figures of our own, so that a report that knew the paper's could not pass. */
const figures = {
  'incidents.high': 9,
  'incidents.medium': 6,
  'incidents.standard': 11,
  'marac_2017.referred': 13,
  'marac_2017.repeats': 5,
  'marac_2018_to_april.referred': 6,
  'marac_2018_to_april.repeats': 2,
  'idva.referred': 8,
  'idva.engaged_percent': 75,
  'one_stop_shop.referred': 7,
  'freedom_programme.attended': 4,
};

test('a small year, broken off and gone on with, reports the figures it was made for', {
  timeout: 240_000,
}, async () => {
  const file = join(home, 'figures.json');
  const reportFile = join(home, 'report.json');
  await writeFile(file, JSON.stringify(figures));
  const options: SimulateOptions = {
    gatewayUrl: platform.gatewayUrl,
    keycloakIssuer: suiteVariable('MIDAS_TEST_KEYCLOAK_ISSUER'),
    clientSecrets: JSON.parse(await readFile(suiteVariable('MIDAS_TEST_SECRETS_FILE'), 'utf8')),
    home,
    seed: 11,
    scale: 1,
    figures: file,
    report: reportFile,
    json: true,
    progress: silentProgress,
    status: caughtUp,
  };

  // The journal of a replay that was broken off: its last third is gone, as if it had never been written.
  await simulate(options);
  const journal = join(home, 'replay.jsonl');
  const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n');
  await writeFile(journal, `${lines.slice(0, Math.floor((lines.length * 2) / 3)).join('\n')}\n`);
  await simulate(options);

  const report: { measures: { id: string; value: number }[] } = JSON.parse(
    await readFile(reportFile, 'utf8'),
  );
  const values = Object.fromEntries(report.measures.map(({ id, value }) => [id, value]));
  expect(values).toEqual({
    ...figures,
    'incidents.total': 26,
    'marac_2017.repeat_percent': 38.5,
    'marac_2018_to_april.repeat_percent': 33.3,
  });
  for (const measure of report.measures) {
    expect(Object.keys(measure).toSorted()).toEqual(
      ['id', 'value', 'numerator', 'denominator', 'period', 'cohort', 'source', 'definition'].toSorted(),
    );
  }

  // With a window of one month, set in configuration, the same referrals hold fewer repeats.
  await platform.processes.risk.stop();
  await platform.processes.risk.start({ MARAC_REPEAT_WINDOW_MONTHS: '1' });
  await simulate(options);
  const narrow: typeof report = JSON.parse(await readFile(reportFile, 'utf8'));
  const repeats = narrow.measures.find(({ id }) => id === 'marac_2017.repeats');
  expect(repeats?.value).toBeLessThan(figures['marac_2017.repeats']);
});
