import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OtlpReceiver, otlpReceiver, testToken } from '@midas/kit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Platform, testPlatform } from '../setup/platform.ts';
import { ask } from '../setup/rest.ts';
import { rowsOf, settled } from '../setup/rows.ts';
import { callOf, type Ids, programmeSide, survivorSide } from './calls.ts';
import { couple, makeKnown } from './couples.ts';
import {
  enrolmentOf,
  facilitator,
  manager,
  participants,
  type Run,
  run,
  signalsOf,
} from './programme-staff.ts';
import { differ, type Pairs } from './timing.ts';

let platform: Platform;
let receiver: OtlpReceiver;
const [survivors, strangers] = [couple(), couple()];
let known: Ids;
beforeAll(async () => {
  receiver = await otlpReceiver();
  platform = await testPlatform({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: '200',
    LOG_LEVEL: 'debug',
  });
  known = await makeKnown(platform, survivors);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
});

const unknown = (ids: Ids): Ids =>
  Object.fromEntries(Object.keys(ids).map((name) => [name, crypto.randomUUID()]));
const programmeRows = (sql: string) => rowsOf(platform, 'perpetrator-programme', sql);

describe('the programme, with a survivor whom the service knows and with one whom it does not', () => {
  let withKnown: Run;
  let withUnknown: Run;
  beforeAll(async () => {
    // Once before: tokens are fetched, routes and metrics have been used.
    await run(platform, receiver, couple(), unknown(known));
    withKnown = await run(platform, receiver, survivors, known);
    withUnknown = await run(platform, receiver, strangers, unknown(known));
  });

  test('is compared in earnest: case found the one survivor and not the other', async () => {
    const [row] = await rowsOf(
      platform,
      'case',
      `SELECT person_id FROM support_case WHERE id = '${known.case_id}'`,
    );
    const survivor = row?.person_id;
    const found = await signalsOf(platform, withKnown.participantIds);
    const notFound = await signalsOf(platform, withUnknown.participantIds);
    expect(found).toHaveLength(8);
    expect(new Set(found.map(({ partner_person_id: id }) => id))).toEqual(new Set([survivor]));
    expect(notFound).toHaveLength(found.length);
    expect(notFound.map(({ partner_person_id: id }) => id)).not.toContain(survivor);
  });

  test.each([
    ['answers', 100],
    ['events', 8],
    ['rows', 60],
    ['metrics', 60],
    ['logs', 100],
    ['spans', 100],
  ] as const)('shows the same %s', (what, least) => {
    expect(withKnown[what].length).toBeGreaterThanOrEqual(least);
    expect(withKnown[what]).toEqual(withUnknown[what]);
  });

  test('is asked by case for every event once, in a trace of its own, and never with the token of a person', async () => {
    const ids = [...withKnown.participantIds, ...withUnknown.participantIds];
    const fetched = await programmeRows(
      `SELECT record_ids[1] AS id, subject, user_name, client, via, roles, trace_id FROM audit_entry
       WHERE rpc LIKE '%/GetProgrammeParticulars' AND record_ids[1] IN (${ids.map((id) => `'${id}'`).join()})`,
    );
    expect(fetched).toHaveLength(2 * 8);
    const callers = fetched.map(({ subject, user_name, client, via, roles }) =>
      JSON.stringify({ subject, user_name, client, via, roles }),
    );
    expect(new Set(callers).size).toBe(1);
    expect(fetched[0]).toMatchObject({ client: 'service-case', via: 'case' });
    const [own] = await programmeRows(
      `SELECT count(*) AS n FROM audit_entry a JOIN audit_entry b USING (trace_id)
       WHERE a.via = 'case' AND b.via <> 'case'`,
    );
    expect(own?.n).toBe('0');
  });
});

describe('nobody reaches over the wall', () => {
  const demo = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../infra/keycloak/demo-users.json'), 'utf8'),
  );
  const users: readonly string[] = demo.users.map(({ username }: { username: string }) => username);
  const roleOf = (user: string): string => user.replace(/(-\d)?@.*/, '');
  const oneOfEach = [...new Map(users.map((user) => [roleOf(user), user])).values()];
  const isStaff = (user: string): boolean => roleOf(user).startsWith('programme-');

  /** Statuses and texts of every RPC of one side, asked about these records, as one user. */
  async function refusals(user: string, methods: typeof programmeSide, ids: Ids): Promise<readonly string[]> {
    const answers: string[] = [];
    for (const method of methods) {
      const { verb, url, body, headers } = callOf(method, ids);
      const answer = await ask(`${platform.gatewayUrl}${url}`, {
        method: verb,
        ...(body === undefined ? {} : { body }),
        headers: { authorization: `Bearer ${await testToken(user)}`, ...headers },
      });
      const { instance: _, ...problem } = JSON.parse(answer.text);
      answers.push(`${method.name} ${answer.status} ${JSON.stringify(problem)}`);
    }
    return answers;
  }
  const isRefusal = (answer: string): boolean => / 403 .*"slug":"forbidden"/.test(answer);

  test.each(oneOfEach.filter((user) => !isStaff(user)))(
    '%s learns nothing of the programme',
    async (user) => {
      const [row] = await programmeRows('SELECT id FROM programme_participant LIMIT 1');
      const ofOne = await refusals(user, programmeSide, { participant_id: String(row?.id) });
      expect(ofOne.length).toBeGreaterThan(5);
      expect(ofOne.filter((answer) => !isRefusal(answer))).toEqual([]);
      expect(ofOne).toEqual(await refusals(user, programmeSide, { participant_id: crypto.randomUUID() }));
    },
  );

  test.each([facilitator, manager])('%s learns nothing of a survivor', async (user) => {
    const ofHer = await refusals(user, survivorSide, known);
    expect(ofHer.length).toBeGreaterThan(30);
    expect(ofHer.filter((answer) => !isRefusal(answer))).toEqual([]);
    expect(ofHer).toEqual(await refusals(user, survivorSide, unknown(known)));
  });
});

describe('time', () => {
  const pairs = 1000;
  const made: { readonly known: string[]; readonly unknown: string[] } = { known: [], unknown: [] };
  // What the comparison must find in the very times that it was given, or it proves nothing.
  const slower = ({ one, other }: Pairs, by: number): Pairs => ({ one: one.map((time) => time * by), other });

  async function call(user: string, url: string, body?: unknown) {
    const authorization = `Bearer ${await testToken(user)}`;
    const began = performance.now();
    const { status, text } = await ask(`${platform.gatewayUrl}${url}`, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { authorization, 'idempotency-key': crypto.randomUUID() },
    });
    const ms = performance.now() - began;
    if (status >= 300) throw new Error(`${status}: ${text}`);
    return { ms, answer: JSON.parse(text) };
  }

  /** One round of a life: enrolled in every tenth, then a session and a signal, then looked at and searched for. */
  async function step(whose: 'known' | 'unknown', round: number): Promise<number> {
    const pair = whose === 'known' ? survivors : strangers;
    const place = round % 10;
    if (place === 0) {
      const { ms, answer } = await call(facilitator, participants, enrolmentOf(pair));
      made[whose].push(answer.participant_id);
      return ms;
    }
    const at = `${participants}/${made[whose].at(-1)}`;
    const { family_name, birth_date } = pair.participant;
    const session = { held_at: '2018-01-09T18:00:00Z', attended: true };
    const signal = { kind: 'RISK_SIGNAL_KIND_THREAT', detail: 'Said something' };
    const sought = { family_name, birth_date, page_size: 5 };
    const next = () => {
      if (place === 1) return call(facilitator, `${at}/sessions`, session);
      if (place === 2) return call(facilitator, `${at}/risk-signals`, signal);
      return place % 2 === 1 ? call(manager, at) : call(facilitator, `${participants}:search`, sought);
    };
    return (await next()).ms;
  }

  test('does not tell whether the survivor is known: 1,000 pairs of calls', {
    timeout: 300_000,
  }, async () => {
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let round = 0; round < pairs; round++) {
      // In turns and in no order, so that whatever else the machine does befalls both.
      const order = Math.random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
      for (const whose of order) times[whose].push(await step(whose, round));
    }
    const measured = { one: times.known, other: times.unknown };
    expect(differ(measured)).toBe(false);
    expect(differ(slower(measured, 1.15))).toBe(true);
    expect(differ(slower(measured, 1 / 1.15))).toBe(true);
  });

  test('of the fetch by case does not tell either', async () => {
    await settled(platform);
    // From when an event was recorded to when case asked for what it concerns, in the order of either.
    const delays = async (ids: readonly string[]): Promise<readonly number[]> => {
      const list = ids.map((id) => `'${id}'`).join();
      const rows = await programmeRows(
        `WITH told AS (
           SELECT aggregate_id::text AS id, aggregate_version AS n, recorded_at FROM outbox_event
         ), asked AS (
           SELECT record_ids[1] AS id, row_number() OVER (PARTITION BY record_ids[1] ORDER BY seq) AS n, at
           FROM audit_entry WHERE rpc LIKE '%/GetProgrammeParticulars'
         )
         SELECT extract(epoch FROM at - recorded_at) * 1000 AS ms FROM told JOIN asked USING (id, n)
         WHERE id IN (${list}) ORDER BY array_position(ARRAY[${list}], id), n`,
      );
      return rows.map(({ ms }) => Number(ms));
    };
    const measured = { one: await delays(made.known), other: await delays(made.unknown) };
    expect(measured.one).toHaveLength((pairs / 10) * 3);
    expect(differ(measured)).toBe(false);
    expect(differ(slower(measured, 1.5))).toBe(true);
  });
});
