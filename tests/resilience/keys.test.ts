import { type KeyStatus, keyStatus, retire, rotate } from '@midas/cli/keys';
import { silentProgress } from '@midas/cli/progress';
import { waitFor } from '@midas/kit/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { syntheticPerson } from '../setup/people.ts';
import { type Platform, type ServiceName, services, testPlatform } from '../setup/platform.ts';
import { type Answer, ok, rest } from '../setup/rest.ts';
import { countOf, rowsOf, settled } from '../setup/rows.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform[Symbol.asyncDispose]());

const as = (userName: string) => rest(platform.gatewayUrl, userName);
const victim = syntheticPerson();
const key = () => ({ 'idempotency-key': crypto.randomUUID() });

/** Sends until there is an answer, as a polite client does while a process is started again. */
const politely = (send: () => Promise<Answer>): Promise<Answer> =>
  waitFor(
    async () => {
      const answer = await send();
      return answer.status >= 500 || answer.body?.slug === 'idempotency-key-in-flight' ? undefined : answer;
    },
    { what: 'an answer', timeoutMs: 90_000 },
  );

const incident = () => ({
  source_system: 'keys',
  source_reference: crypto.randomUUID(),
  occurred_at: '2017-06-01T21:30:00Z',
  kind: 'INCIDENT_KIND_CRIME',
  victim,
  description: 'What a caller said.',
});

async function report(): Promise<string> {
  const [headers, body] = [key(), incident()];
  return ok(await politely(() => as('referrer@police').post('/v1/incidents', body, headers))).incident_id;
}

const placeOf = (service: ServiceName) => ({
  service,
  ringFile: platform.processes[service].keyRingFile,
  databaseUrl: platform.databases[service].adminUrl,
});
// What is under way in these tests is over within this time.
const settleSeconds = 3;
const rotated = (service: ServiceName) =>
  rotate({ ...placeOf(service), progress: silentProgress, settleSeconds });
const keysInUse = ({ uses }: KeyStatus) => [...new Set(uses.map((use) => use.key))];
const statusOf = (service: ServiceName) => keyStatus(service, platform.databases[service].adminUrl);

test('keys are replaced under load and over a crash, and nobody notices', { timeout: 300_000 }, async () => {
  const reported = await Promise.all(Array.from({ length: 8 }, report));
  const referral = { ...key() };
  const body = {
    kind: 'REFERRAL_KIND_POLICE',
    support: 'SUPPORT_KIND_IDVA',
    person: victim,
    reason: 'Words.',
  };
  const submitted = ok(await as('referrer@police').post('/v1/referrals', body, referral)).referral_id;
  const intake = as('intake-worker@provider');
  const seen = await intake.get(`/v1/referrals/${submitted}`);
  const firstPage = ok(await as('referrer@police').get('/v1/incidents?page_size=3'));
  await settled(platform);
  const persons = await countOf(platform, 'case', 'SELECT count(*) AS n FROM person');

  await expect(retire({ ...placeOf('case'), keyId: 'k1', settleSeconds })).rejects.toThrow(/in force/);

  let isOver = false;
  const load = Array.from({ length: 2 }, async () => {
    while (!isOver) reported.push(await report());
  });
  const changing = Promise.all([rotated('referral'), rotated('case')]);
  await waitFor(async () => keysInUse(await statusOf('referral')).includes('k2'), {
    what: 'values under the new key',
    timeoutMs: 60_000,
  });
  await platform.processes.referral.stop('SIGKILL');
  await platform.processes.referral.start();
  const done = await changing;
  isOver = true;
  await Promise.all(load);
  await settled(platform, 60_000);

  // What was given out before the keys changed is still good.
  expect(done.map(({ active }) => active)).toEqual(['k2', 'k2']);
  const nextPage = await as('referrer@police').get(
    `/v1/incidents?page_size=3&page_token=${encodeURIComponent(firstPage.next_page_token)}`,
  );
  expect(ok(nextPage).incidents).toHaveLength(3);
  ok(
    await intake.post(
      `/v1/referrals/${submitted}:accept`,
      {},
      { 'if-match': seen.headers.get('etag') ?? '' },
    ),
  );

  // Nothing rests on the old key any more: it goes, and still nothing is lost and nobody made twice.
  for (const service of ['referral', 'case'] as const) {
    expect(keysInUse(await statusOf(service))).toEqual(['k2']);
    expect(await retire({ ...placeOf(service), keyId: 'k1', settleSeconds })).toEqual({
      service,
      retired: 'k1',
    });
    await waitFor(async () => (await statusOf(service)).holders.some(({ keys }) => keys.join() === 'l1,k2'), {
      what: `${service} without the old key`,
    });
    await expect(retire({ ...placeOf(service), keyId: 'l1', settleSeconds })).rejects.toThrow(
      /stay as they are/,
    );
  }
  for (const id of reported) {
    const read = ok(await as('referrer@police').get(`/v1/incidents/${id}`));
    expect(read.victim.family_name).toBe(victim.family_name);
  }
  reported.push(await report());
  await settled(platform);
  expect(await countOf(platform, 'case', 'SELECT count(*) AS n FROM person')).toBe(persons);
  expect(ok(await as('referrer@police').post('/v1/referrals', body, referral)).referral_id).toBe(submitted);
});

// Kit keeps these in every database: no personal values, or digests of such that are made with the lasting key.
const ofKit = new Set(['outbox_event', 'dead_letter', 'idempotency_record', 'audit_seal']);
const ofPseudonyms = ['outcomes attendance_fact.person'];

test('every column of bytes is known to be sealed, or an index beside the name of its key', async () => {
  const bytes = `SELECT table_name AS table, column_name AS column FROM information_schema.columns AS c
    WHERE table_schema = 'public' AND data_type = 'bytea' AND NOT EXISTS (
      SELECT FROM keyed_column AS k WHERE k.table_name = c.table_name AND k.column_name IN (c.column_name, 'key_id'))`;
  const unknown: string[] = [];
  for (const service of services)
    for (const { table, column } of await rowsOf(platform, service, bytes))
      if (!ofKit.has(String(table))) unknown.push(`${service} ${String(table)}.${String(column)}`);
  expect(unknown).toEqual(ofPseudonyms);
});
