import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@midas/kit';
import type { PrismaClient, ProgrammeSignal } from '../../gen/prisma/client.ts';
import type { PersonStore } from '../person/person.store.ts';
import type { ProgrammeStore } from './programme.store.ts';
import { nextTry, SIGNALLED, sendingsOf } from './programme.ts';

interface Deps {
  readonly db: PrismaClient;
  readonly signals: ProgrammeStore;
  readonly persons: PersonStore;
  readonly now: () => Date;
  readonly log: Logger;
}

const PAUSE_MS = 1000;

/**
 * Says on the survivor side whom a kept signal concerns, after it was acknowledged: one signal a transaction.
 * Answers whether there was one. What cannot be matched is put off, so that it holds up no other.
 */
async function matchOne({ db, signals, persons, now, log }: Deps): Promise<boolean> {
  const held: { signal?: ProgrammeSignal } = {};
  try {
    return await db.$transaction(async (tx) => {
      const signal = await signals.takeUnmatched(tx, now());
      if (signal === null) return false;
      held.signal = signal;
      const source = { kind: SIGNALLED, id: signal.participantId };
      const [partner, participant] = await persons.resolve(
        tx,
        source,
        sendingsOf(signals.open(signal)),
        now(),
      );
      if (partner === undefined || participant === undefined) throw new Error('a signal was not resolved');
      const found = { partnerPersonId: partner.personId, participantPersonId: participant.personId };
      await signals.match(tx, signal.id, found, now());
      return true;
    });
  } catch (error) {
    const { signal } = held;
    if (signal === undefined) throw error;
    const dueAt = nextTry(signal.matchAttempts, now());
    await signals.putOff(db, signal, dueAt);
    const attempts = signal.matchAttempts + 1;
    log.warn({ signalId: signal.id, attempts, dueAt, error }, 'a programme signal could not be matched yet');
    return true;
  }
}

/** Matches kept signals until it is stopped; what fails is tried again. */
export function signalMatching(deps: Deps) {
  return {
    name: 'programme-signal-matching',
    async start(stopped: AbortSignal): Promise<void> {
      while (!stopped.aborted) {
        const matched = await matchOne(deps).catch((error: unknown) => {
          deps.log.warn({ error }, 'programme signals wait to be matched');
          return false;
        });
        if (!matched) await pause(PAUSE_MS, undefined, { signal: stopped }).catch(() => undefined);
      }
    },
  };
}
