import { ReferralStatus, ReferralServiceService as rpcs } from '@midas/proto/referral/v1/referral';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyTrail } from '../audit/index.ts';
import { lastingDigest, newId } from '../db/index.ts';
import { type TestDatabase, testDatabase } from '../testing/index.ts';
import { refusal, startWorld, type World } from './fixture/world.ts';

let database: TestDatabase;
let world: World;
let admin: pg.Client;

beforeAll(async () => {
  database = await testDatabase('kit');
  world = await startWorld(database.url);
  admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await admin?.end();
  await database?.[Symbol.asyncDispose]();
});

const rowsOf = async (sql: string) => (await admin.query<{ n: number }>(sql)).rows[0]?.n;

describe('while nothing can be written into the audit trail', () => {
  const close = () => admin.query('ALTER TABLE audit_entry ADD CONSTRAINT closed CHECK (false) NOT VALID');
  const open = () => admin.query('ALTER TABLE audit_entry DROP CONSTRAINT IF EXISTS closed');
  afterEach(open);

  it('a read is not answered', async () => {
    const { referralId } = (await world.submit()).answer;
    const headers = await world.as(['full']);
    const get = () => world.client.send(rpcs.getReferral, { referralId }, headers);
    expect((await get()).answer.referralId).toBe(referralId);
    await close();
    const error = await refusal(get());
    expect(error).toMatchObject({ kind: 'internal', slug: 'internal' });
    expect(JSON.stringify([error.message, error.violations])).not.toContain('Imagined');
  });

  it('a change leaves nothing, and its key free', async () => {
    const headers = await world.as(['sender']);
    const before = await rowsOf('SELECT count(*)::int AS n FROM note');
    await close();
    expect(await refusal(world.submit(headers))).toMatchObject({ kind: 'internal' });
    expect(await rowsOf('SELECT count(*)::int AS n FROM note')).toBe(before);
    await open();
    expect((await world.submit(headers)).answer.referralId).toBeDefined();
    expect(await rowsOf('SELECT count(*)::int AS n FROM note')).toBe((before ?? 0) + 1);
  });

  it('a refusal stays a refusal, and the log says that it was not written down', async () => {
    await close();
    const from = world.lines.length;
    const get = world.client.send(rpcs.getReferral, { referralId: newId() }, await world.as(['full']));
    expect(await refusal(get)).toMatchObject({ kind: 'not-found' });
    const told = world.lines.slice(from).filter((line) => line.includes('a refusal could not be audited'));
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0] ?? '')).toMatchObject({ level: 'error', outcome: 'not-found' });
  });
});

it('every call of a known caller leaves one row, whatever becomes of it', async () => {
  const { referralId } = (await world.submit()).answer;
  const before = (await rowsOf('SELECT count(*)::int AS n FROM audit_entry')) ?? 0;
  const full = await world.as(['full']);
  const calls = [
    world.client.send(rpcs.getReferral, { referralId }, full),
    world.client.send(rpcs.getReferral, { referralId: newId() }, full),
    world.client.send(rpcs.getReferral, { referralId: 'no id' }, full),
    world.client.send(rpcs.getReferral, { referralId }, await world.as([])),
    world.client.send(rpcs.getReferral, { referralId }, await world.as(['full', 'codes'])),
    world.client.send(rpcs.getReferral, { referralId }, await world.as(['full'], { 'x-purpose': '!' })),
    world.client.send(rpcs.acceptReferral, { referralId }, full),
    world.client.sendRaw(rpcs.getReferral.path, Buffer.from([0xff]), full),
  ];
  const answered = (await Promise.allSettled(calls)).filter(({ status }) => status === 'fulfilled');
  expect(answered).toHaveLength(1);
  expect(await rowsOf('SELECT count(*)::int AS n FROM audit_entry')).toBe(before + calls.length);
  const { rows } = await admin.query<{ outcome: string }>(
    'SELECT outcome FROM audit_entry ORDER BY seq DESC LIMIT $1',
    [calls.length],
  );
  expect(rows.map(({ outcome }) => outcome).sort()).toEqual([
    'conflicting-roles',
    'forbidden',
    'if-match-required',
    'invalid-header',
    'invalid-request',
    'invalid-request',
    'not-found',
    'ok',
  ]);
});

it('a row bears the mark of the service, and one that somebody else wrote does not', async () => {
  await admin.query('TRUNCATE audit_entry');
  await world.submit();
  const headers = await world.as(['full', 'ünlike']);
  await world.client.send(
    rpcs.listReferrals,
    { pageSize: 2, pageToken: '', status: ReferralStatus.SUBMITTED },
    headers,
  );
  await refusal(world.client.send(rpcs.getReferral, { referralId: newId() }, headers));
  const verify = () => verifyTrail(admin, { service: 'referral', marks: lastingDigest(world.keyRing) });
  expect(await verify()).toMatchObject({ waiting: 3, marks: 3, findings: [] });
  await admin.query(`INSERT INTO audit_entry SELECT * FROM jsonb_populate_record(NULL::audit_entry, (
    SELECT to_jsonb(e) || jsonb_build_object('id', gen_random_uuid(), 'seq', nextval('audit_entry_seq_seq'), 'user_name', 'x')
    FROM audit_entry AS e LIMIT 1))`);
  expect((await verify()).findings).toMatchObject([{ kind: 'forged' }]);
});
