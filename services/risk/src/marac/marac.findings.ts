import { setTimeout as pause } from 'node:timers/promises';
import type { Background, Deps, Logger, WorkUnit } from '@midas/kit';
import { MaracRepeatFound } from '@midas/proto/risk/v1/events';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { MaracStore } from './marac.store.ts';
import { changedFindings, type MaracReferral } from './marac.ts';
import type { RepeatRule } from './repeat.ts';

type Unit = Pick<WorkUnit<PrismaClient>, 'db' | 'publish'>;

/** Stores and publishes what the rule changes among all referrals of one victim, who is locked. */
export async function storeFindings(
  unit: Unit,
  referrals: MaracStore,
  ofVictim: readonly MaracReferral[],
  rule: RepeatRule,
): Promise<void> {
  for (const changed of changedFindings(ofVictim, rule)) {
    await referrals.update(unit.db, changed);
    const { id, version, repeat, repeatWindowMonths } = changed;
    unit.publish(
      MaracRepeatFound,
      { maracReferralId: id, repeat: repeat ?? false, windowMonths: repeatWindowMonths ?? 0 },
      { type: 'marac-referral', id, version },
    );
  }
}

interface FindingsDeps {
  readonly db: PrismaClient;
  readonly referrals: MaracStore;
  readonly transaction: Deps<PrismaClient>['transaction'];
  readonly rule: RepeatRule;
  readonly log: Logger;
}

const BATCH = 100;
const RETRY_MS = 2_000;

/**
 * Makes findings again that were made under other settings, so that a change of configuration changes the report. One
 * transaction a victim: stopped halfway, it goes on with the victims that are left.
 */
export function findingsUnderOtherSettings({
  db,
  referrals,
  transaction,
  rule,
  log,
}: FindingsDeps): Background {
  const remake = (victimPersonId: string) =>
    transaction(async (unit) => {
      await referrals.lockVictim(unit.db, victimPersonId);
      await storeFindings(unit, referrals, await referrals.ofVictim(unit.db, victimPersonId), rule);
    });

  async function remakeAll(stopped: AbortSignal): Promise<void> {
    let count = 0;
    let victims: readonly string[];
    do {
      victims = await referrals.victimsFoundOtherwise(db, rule, BATCH);
      for (const victim of victims) {
        if (stopped.aborted) return;
        await remake(victim);
        count += 1;
      }
    } while (victims.length > 0);
    if (count > 0)
      log.info({ victims: count, ...rule }, 'repeat findings were made again under new settings');
  }

  return {
    name: 'repeat-findings',
    beforeReady: true,
    async start(stopped) {
      for (;;) {
        try {
          return await remakeAll(stopped);
        } catch (error) {
          if (stopped.aborted) return;
          log.warn({ error }, 'repeat findings could not be made again yet');
          await pause(RETRY_MS, undefined, { signal: stopped }).catch(() => undefined);
        }
      }
    },
  };
}
