import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readDemoPeople } from '../backing/realm.ts';
import { userError } from '../errors.ts';
import type { SimulateOptions } from '../platform/types.ts';
import { waitUntilCaughtUp } from './caughtup.ts';
import { figuresFrom, readFigures, scaled } from './figures.ts';
import { planYear } from './plan/index.ts';
import type { Step } from './plan/step.ts';
import { type CommissionersReport, fetchReport, reportText, writeReport } from './report.ts';
import { http } from './send/http.ts';
import { openJournal, replayed } from './send/journal.ts';
import { replay } from './send/replay.ts';
import { type Credentials, tokens } from './send/tokens.ts';

export type { CaughtUp, SimulateOptions } from '../platform/types.ts';
export { silentProgress } from '../progress/index.ts';
export type { CommissionersReport, Measure } from './report.ts';

/** Which year is asked for; the rest of the options say where and how. */
export type YearOptions = Pick<SimulateOptions, 'seed' | 'scale' | 'figures'>;

interface Year {
  readonly steps: readonly Step[];
  /** Differs as soon as one call differs. */
  readonly digest: string;
}

async function planned({ seed, scale, figures }: YearOptions): Promise<Year> {
  if (!Number.isSafeInteger(seed))
    throw userError('The seed must be a whole number.', 'For example --seed 7.', 64);
  const wanted = scaled(figures === undefined ? figuresFrom() : await readFigures(figures), scale);
  const steps = planYear(seed, wanted);
  return { steps, digest: createHash('sha256').update(JSON.stringify(steps)).digest('hex') };
}

/** What a home already holds of a year: nothing, some or all of it, or another year. */
export type ReplayState = 'none' | 'begun' | 'complete' | 'other';

/**
 * How far the year asked for is replayed in this home. After 'other' the platform's data has to be erased together
 * with the journal before this year can be replayed, since counts of two years would add up. Rejects with a user
 * error when the options are wrong, before anything was sent.
 */
export async function replayState(home: string, options: YearOptions): Promise<ReplayState> {
  return stateOf(home, await planned(options));
}

function stateOf(home: string, { digest, steps }: Year): ReplayState {
  const found = replayed(home);
  if (!found) return 'none';
  if (found.digest !== digest) return 'other';
  return found.steps < steps.length ? 'begun' : 'complete';
}

/**
 * Replays a year through the gateway, waits until every service has caught up, and prints and returns the
 * commissioners' report. Goes on where an earlier replay of the same year stopped.
 */
export async function simulate(options: SimulateOptions): Promise<CommissionersReport> {
  const { gatewayUrl, home, progress, seed } = options;
  const year = await planned(options);
  if (stateOf(home, year) === 'other') {
    throw userError(
      'Another year (seed, scale or figures) was replayed here, and two years would add up.',
      'Erase the platform’s data first, or choose another MIDAS_HOME.',
    );
  }
  const credentials = await credentialsOf(options);
  const journal = openJournal(home, year.digest);
  try {
    await replay(year.steps, { gatewayUrl, credentials, seed, journal, progress });
  } finally {
    journal.close();
  }
  await waitUntilCaughtUp(options.status, progress);
  const connection = http(1);
  try {
    const report = await fetchReport(gatewayUrl, connection.send, tokens(connection.send, credentials));
    if (options.report !== undefined) await writeReport(options.report, report);
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${reportText(report)}`);
    return report;
  } finally {
    connection.close();
  }
}

type SignInOptions = Pick<SimulateOptions, 'home' | 'keycloakIssuer' | 'clientSecrets'>;

/** An access token of a demo user or of a partner system's client, e.g. `partner-police`. */
export async function accessToken(options: SignInOptions, actor: string): Promise<string> {
  const connection = http(1);
  try {
    return await tokens(connection.send, await credentialsOf(options)).of(actor);
  } finally {
    connection.close();
  }
}

async function credentialsOf({ home, keycloakIssuer, clientSecrets }: SignInOptions): Promise<Credentials> {
  const { password } = await readDemoPeople();
  const secrets = clientSecrets ?? (await secretsOf(home));
  return { tokenUrl: `${keycloakIssuer}/protocol/openid-connect/token`, password, secrets };
}

/** Client secrets that this home's own Keycloak was started with. */
async function secretsOf(home: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(home, 'secrets.json'), 'utf8').catch(() => '{}');
  return z.record(z.string(), z.string()).parse(JSON.parse(text));
}
