import { userError } from '../../errors.ts';
import type { Progress } from '../../progress/index.ts';
import { needs, type Step } from '../plan/step.ts';
import { attempt } from './attempt.ts';
import { http } from './http.ts';
import type { Journal } from './journal.ts';
import { schedule } from './schedule.ts';
import { type Credentials, tokens } from './tokens.ts';

export interface ReplayOptions {
  readonly gatewayUrl: string;
  readonly credentials: Credentials;
  readonly seed: number;
  readonly journal: Journal;
  readonly progress: Progress;
  /** Calls under way at once. */
  readonly atOnce?: number;
  /** How long one step may go on failing for a passing reason. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 180_000;
/** How long an event takes to open a case, roughly. */
const EVENT_MS = 200;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const monthOf = (at: string): string => `${MONTHS[Number(at.slice(5, 7)) - 1]} ${at.slice(0, 4)}`;

/**
 * Sends every step that the journal does not know as done, and journals each. Rejects with a user error at the first
 * answer that trying again would not change, or when a passing trouble lasts too long.
 */
export async function replay(steps: readonly Step[], options: ReplayOptions): Promise<void> {
  const { journal, progress, gatewayUrl, seed, atOnce = 16, patienceMs = PATIENCE_MS } = options;
  const before = journal.done.size;
  const connection = http(atOnce);
  const sending = {
    gatewayUrl,
    http: connection.send,
    tokens: tokens(connection.send, options.credentials),
    seed,
    done: journal.done,
  };
  const wanted = etagsWanted(steps);
  const begun = performance.now();
  const task = progress.task('Replaying the year through the gateway', { total: steps.length, done: before });
  const troubleSince = new Map<string, number>();

  const tryStep = async (work: { readonly step: Step }, tries: number) => {
    const { step } = work;
    // An event has to travel first: asking at once would only be answered "not yet".
    if (step.kind === 'find-case' && tries === 0) return { againInMs: EVENT_MS };
    const outcome = await attempt(step, sending);
    if ('done' in outcome) {
      journal.write(step.id, wanted.has(step.id) ? outcome.done : { id: outcome.done.id });
      const rate = Math.round((journal.done.size - before) / ((performance.now() - begun) / 1000));
      task.advance(1, `${monthOf(step.at)}, ${rate} steps/s`);
      return 'done' as const;
    }
    const since = troubleSince.get(step.id) ?? performance.now();
    troubleSince.set(step.id, since);
    if (performance.now() - since > patienceMs) throw gaveUp(step, outcome.again, patienceMs);
    return { againInMs: outcome.afterMs ?? pause(tries) };
  };

  try {
    const works = steps.map((step) => ({ id: step.id, needs: needs(step), step }));
    await schedule(works, tryStep, { atOnce, done: new Set(journal.done.keys()) });
    task.done(`${steps.length} steps`);
  } catch (cause) {
    task.fail();
    throw cause;
  } finally {
    connection.close();
  }
}

/** 50 ms, doubling to 5 s. */
const pause = (tries: number): number => Math.min(5000, 50 * 2 ** tries);

/** Steps whose ETag a later step of the same actor sends. */
const etagsWanted = (steps: readonly Step[]): ReadonlySet<string> =>
  new Set(
    steps.flatMap((step) =>
      step.kind === 'post' && step.match && 'etagOf' in step.match ? [step.match.etagOf] : [],
    ),
  );

const gaveUp = (step: Step, why: string, patienceMs: number): Error =>
  userError(
    `The replay waited ${Math.round(patienceMs / 1000)} s at ${step.id}, sent by ${step.actor}: ${why}.`,
    'Look at `midas status` and `midas logs`; started again, the replay goes on from there.',
  );
