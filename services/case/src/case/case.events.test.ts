import { randomUUID } from 'node:crypto';
import { blindIndex, type EventUnit, logger, newId, sealer } from '@midas/kit';
import { type TestDatabase, testDatabase, testKeyRing } from '@midas/kit/testing';
import { CaseOpened } from '@midas/proto/case/v1/events';
import { ReferralAccepted } from '@midas/proto/referral/v1/events';
import { AcceptedReferral } from '@midas/proto/referral/v1/referral';
import { PrismaPg } from '@prisma/adapter-pg';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { personStore } from '../person/person.store.ts';
import { invented } from '../testing/platform.ts';
import { openCaseOnAcceptance } from './case.events.ts';
import { caseStore } from './case.store.ts';

let database: TestDatabase;
let db: PrismaClient;
const keyRing = testKeyRing();
const seal = sealer({ keyRing });
const persons = personStore({ sealer: seal, blindIndex: blindIndex(keyRing), newId });
const referrals = new Map<string, AcceptedReferral>();
const subscription = openCaseOnAcceptance({
  persons,
  cases: caseStore(seal, persons),
  newId,
  acceptedReferral: async (referralId) => AcceptedReferral.fromPartial(referrals.get(referralId) ?? {}),
});

beforeAll(async () => {
  database = await testDatabase('case');
  db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url, max: 8 }) });
});
afterAll(async () => {
  await db?.$disconnect();
  await database?.[Symbol.asyncDispose]();
});

/** Hears one event in a transaction of its own, and answers which messages it published. */
async function hear(event: ReferralAccepted): Promise<readonly string[]> {
  const published: string[] = [];
  const context = {
    eventId: randomUUID(),
    aggregateId: event.referralId,
    aggregateVersion: 2,
    occurredAt: event.acceptedAt ?? new Date(),
    subject: subscription.subject,
    now: new Date(),
    log: logger({ name: 'case', level: 'silent' }),
    signal: new AbortController().signal,
  };
  const apply = await subscription.handle(ReferralAccepted.encode(event).finish(), context);
  await db.$transaction(async (tx) => {
    const unit: EventUnit<PrismaClient> = {
      ...context,
      db: tx,
      publish: (codec) => void published.push(codec.$type),
    };
    await apply(unit);
  });
  return published;
}

it('opens one case a referral, in whatever order and however often acceptances are heard, even at once', async () => {
  const couple = [invented(), invented()];
  const acceptances = fc.uniqueArray(fc.uuid({ version: 4 }), { minLength: 1, maxLength: 4 }).chain((ids) =>
    fc.tuple(
      fc.constant(ids),
      fc.shuffledSubarray([...ids, ...ids, ...ids], {
        minLength: ids.length * 3,
        maxLength: ids.length * 3,
      }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(acceptances, async ([ids, heard]) => {
      for (const referralId of ids) {
        referrals.set(
          referralId,
          AcceptedReferral.fromPartial({
            referralId,
            person: couple[0],
            allegedPerpetrators: couple.slice(1),
          }),
        );
      }
      const acceptedAt = new Date('2018-01-10T09:00:00Z');
      const published = await Promise.all(heard.map((referralId) => hear({ referralId, acceptedAt })));
      expect(published.flat()).toEqual(ids.map(() => CaseOpened.$type));
      const opened = await db.case.findMany({
        where: { referralId: { in: ids } },
        include: { allegedPerpetrators: true },
      });
      expect(opened).toHaveLength(ids.length);
      for (const each of opened) {
        expect(each).toMatchObject({ openedAt: acceptedAt, version: 1 });
        expect(each.allegedPerpetrators).toHaveLength(1);
      }
      // All of them are about the same couple.
      expect(new Set(opened.map(({ personId }) => personId)).size).toBe(1);
      expect(await db.person.count()).toBe(2);
    }),
    { numRuns: 10 },
  );
}, 60_000);

it('leaves nothing of a referral that comes without its person', async () => {
  const referralId = randomUUID();
  await expect(hear({ referralId, acceptedAt: new Date() })).rejects.toThrow('without its person');
  expect(await db.case.count({ where: { referralId } })).toBe(0);
});
