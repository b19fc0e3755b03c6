import { randomUUID } from 'node:crypto';
import {
  ReferralKind,
  ReferralStatus,
  ReferralServiceService as rpcs,
  SupportKind,
} from '@midas/proto/referral/v1/referral';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../db/index.ts';
import { metricsText } from '../telemetry/index.ts';
import { type TestDatabase, testDatabase, waitFor } from '../testing/index.ts';
import { issuer } from './fixture/tokens.ts';
import { person, refusal, startWorld, submission, type World } from './fixture/world.ts';

let database: TestDatabase;
let world: World;

beforeAll(async () => {
  database = await testDatabase('kit');
  world = await startWorld(database.url);
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

describe('who calls', () => {
  const get = (headers: Readonly<Record<string, string>>) =>
    world.client.send(rpcs.getReferral, { referralId: newId() }, headers);

  it('refuses a call without the credential of a service', async () => {
    const user = await world.realm.user('worker', ['full']);
    for (const headers of [
      {},
      { authorization: `Bearer ${user}` },
      { 'x-user-authorization': `Bearer ${user}` },
    ]) {
      expect(await refusal(get(headers))).toMatchObject({ kind: 'unauthenticated', slug: 'token-refused' });
    }
  });

  it.each([
    ['for another callee', { aud: 'risk' }],
    ['for more than this callee', { aud: ['referral', 'risk'] }],
    ['of a client that is no service', { azp: 'web' }],
    ['of a service whose role it lacks', { realm_access: { roles: ['service:risk'] } }],
    ['of another issuer', { iss: 'https://elsewhere.test/realms/midas' }],
    ['that is no access token', { typ: 'Refresh' }],
    ['that has expired', { exp: Math.floor(Date.now() / 1000) - 31 }],
  ])('refuses a credential %s', async (_, claims) => {
    const exp = 'exp' in claims ? `${claims.exp}` : undefined;
    const credential =
      exp === undefined
        ? await world.realm.service('gateway', 'referral', claims)
        : await new SignJWT({
            iss: issuer,
            sub: 'sub-gateway',
            azp: 'service-gateway',
            aud: 'referral',
            realm_access: { roles: ['service:gateway'] },
            exp: Number(exp),
          })
            .setProtectedHeader({ alg: 'RS256', kid: 'test' })
            .sign(world.realm.privateKey);
    const error = await refusal(
      get({ ...(await world.as(['full'])), authorization: `Bearer ${credential}` }),
    );
    expect(error.kind).toBe('unauthenticated');
  });

  it('refuses a service token as a user, and a user token for another audience', async () => {
    const headers = await world.as(['full']);
    for (const token of [
      await world.realm.service('case', 'referral', { aud: ['midas'] }),
      await world.realm.user('worker', ['full'], { aud: 'account' }),
      'not.a.token',
    ]) {
      const error = await refusal(get({ ...headers, 'x-user-authorization': `Bearer ${token}` }));
      expect(error.kind).toBe('unauthenticated');
    }
  });

  it('refuses a token whose roles exclude each other', async () => {
    expect(await refusal(get(await world.as(['full', 'codes'])))).toMatchObject({
      kind: 'forbidden',
      slug: 'conflicting-roles',
    });
  });

  it('logs no token when it refuses one', async () => {
    const headers = { authorization: `Bearer ${await world.realm.service('gateway', 'risk')}` };
    // At most ten such lines a second are written, and the tests before may have used them up.
    await waitFor(
      async () => {
        await refusal(get(headers));
        return world.lines.some((line) => line.includes('token-refused'));
      },
      { what: 'a line of the log' },
    );
    expect(world.lines.join('')).not.toContain('eyJ');
  });

  it('counts every refusal, and writes down ten a second with how many were left out', async () => {
    const refusedSoFar = async () => {
      const page = await metricsText();
      const found = /^midas_unknown_caller_refused_total\{service="referral",reason="token-refused"\} (\d+)/m;
      return Number(found.exec(page)?.[1] ?? 0);
    };
    const before = await refusedSoFar();
    const linesBefore = world.lines.length;
    const began = Date.now();
    const credential = await world.realm.service('gateway', 'risk');
    const send = () => refusal(get({ authorization: `Bearer ${credential}` }));
    await Promise.all(Array.from({ length: 60 }, send));
    expect(await refusedSoFar()).toBe(before + 60);
    const told = () =>
      world.lines.slice(linesBefore).flatMap((line): Record<string, unknown>[] => {
        const parsed = JSON.parse(line);
        return parsed.msg === 'refused a call of an unknown caller' ? [parsed] : [];
      });
    const secondsBegun = Math.floor(Date.now() / 1000) - Math.floor(began / 1000) + 1;
    expect(told().length).toBeLessThanOrEqual(10 * secondsBegun);
    await waitFor(
      async () => {
        await send();
        return told().some(({ suppressed }) => Number(suppressed) > 0);
      },
      { what: 'a line that says how many were left out' },
    );
    expect(told().at(-1)).toMatchObject({ rpc: rpcs.getReferral.path, outcome: 'token-refused' });
    expect(JSON.stringify(told())).not.toContain(credential.slice(0, 10));
  });
});

describe('rules of the contract', () => {
  it('names every field that breaks a rule and never repeats a value', async () => {
    const error = await refusal(
      world.client.send(
        rpcs.submitReferral,
        {
          ...submission,
          support: SupportKind.UNSPECIFIED,
          person: { ...submission.person, nhsNumber: '1234567890' } as never,
        },
        await world.as(['sender']),
      ),
    );
    expect(error).toMatchObject({ kind: 'invalid', slug: 'invalid-request' });
    expect(error.violations.map(({ field }) => field)).toEqual(['support', 'person.nhs_number']);
    expect(JSON.stringify([error.message, error.violations])).not.toContain('1234567890');
  });

  it.each([
    ['a field that is not known', Buffer.from([0xf8, 0x07, 1]), 'unknown_field'],
    ['an enum value that is not known', Buffer.from([0x18, 99]), 'enum.defined_only'],
    ['bytes that are no message', Buffer.from([0xff]), 'encoding'],
  ])('refuses %s', async (_, bytes, rule) => {
    const error = await refusal(
      world.client.sendRaw(rpcs.submitReferral.path, bytes, await world.as(['sender'])),
    );
    expect(error.kind).toBe('invalid');
    expect(error.violations.map((violation) => violation.rule)).toContain(rule);
  });

  it('refuses a message of more than 4 MB', async () => {
    const error = await refusal(
      world.client.sendRaw(
        rpcs.submitReferral.path,
        Buffer.alloc(5 * 1024 * 1024),
        await world.as(['sender']),
      ),
    );
    expect(error.kind).toBe('too-large');
  });
});

describe('permission', () => {
  it('denies what no rule grants, and audits the refusal', async () => {
    const name = randomUUID();
    const headers = await world.as(['sender'], { 'if-match': '*', 'x-purpose': 'direct-care' }, name);
    const referralId = newId();
    const error = await refusal(world.client.send(rpcs.acceptReferral, { referralId }, headers));
    expect(error).toMatchObject({ kind: 'forbidden', slug: 'forbidden' });
    expect(await world.auditOf(referralId)).toMatchObject([
      {
        userName: name,
        via: 'gateway',
        client: 'web',
        organisation: 'org-1',
        rpc: rpcs.acceptReferral.path,
        action: 'triage',
        purpose: 'direct-care',
        decision: 'deny',
        outcome: 'forbidden',
        roles: ['sender'],
      },
    ]);
  });

  it('denies a caller without any rule', async () => {
    const error = await refusal(
      world.client.send(rpcs.getReferral, { referralId: newId() }, await world.as([])),
    );
    expect(error.kind).toBe('forbidden');
  });

  it('answers a record that may not be read exactly like one that does not exist', async () => {
    const { answer } = await world.submit();
    const headers = await world.as(['decided']);
    const [forbidden, unknown] = await Promise.all(
      [answer.referralId, newId()].map((referralId) =>
        refusal(world.client.send(rpcs.getReferral, { referralId }, headers)),
      ),
    );
    expect(forbidden).toMatchObject({ kind: 'not-found', slug: 'not-found' });
    expect(unknown).toMatchObject({ kind: 'not-found', slug: forbidden?.slug, message: forbidden?.message });
  });

  it('answers an internal RPC to the services it names and to no one else', async () => {
    const { referralId } = (await world.submit()).answer;
    const ask = async (service: string, more = {}) =>
      world.client.send(
        rpcs.getAcceptedReferral,
        { referralId },
        { authorization: `Bearer ${await world.realm.service(service, 'referral')}`, ...more },
      );
    expect((await ask('case')).answer.person?.familyName).toBe('Imagined');
    expect(await refusal(ask('risk'))).toMatchObject({ kind: 'forbidden' });
    const { 'x-user-authorization': user } = await world.as(['full']);
    expect(await refusal(ask('gateway', { 'x-user-authorization': user }))).toMatchObject({
      kind: 'forbidden',
    });
  });
});

describe('masks', () => {
  it('leaves out what the caller may not see and names it', async () => {
    const { answer } = await world.submit();
    expect(answer.person).toMatchObject({ familyName: 'Imagined', address: undefined });
    expect(answer.reason).toBe('');
    expect(answer.maskedFields).toEqual(
      expect.arrayContaining(['person.address', 'person.safe_contact.note', 'reason', 'rejection_note']),
    );
    const seen = await world.client.send(
      rpcs.getReferral,
      { referralId: answer.referralId },
      await world.as(['full']),
    );
    expect(seen.answer).toMatchObject({ person, reason: submission.reason, maskedFields: [] });
    const codes = await world.client.send(
      rpcs.getReferral,
      { referralId: answer.referralId },
      await world.as(['codes']),
    );
    expect(codes.answer).toMatchObject({ person: undefined, status: ReferralStatus.SUBMITTED });
  });

  it('masks to class NONE what a handler did not show', async () => {
    await world.submit();
    await world.submit();
    const { answer } = await world.client.send(
      rpcs.listReferrals,
      { pageSize: 2, pageToken: '', status: ReferralStatus.UNSPECIFIED },
      await world.as(['full']),
    );
    expect(answer.referrals[0]).toMatchObject({ person, maskedFields: [] });
    expect(answer.referrals[1]).toMatchObject({ person: undefined, kind: ReferralKind.GP });
    expect(answer.referrals[1]?.maskedFields).toContain('person');
  });
});

describe('lists', () => {
  const list = (pageToken: string, headers: Readonly<Record<string, string>>) =>
    world.client.send(
      rpcs.listReferrals,
      { pageSize: 2, pageToken, status: ReferralStatus.UNSPECIFIED },
      headers,
    );

  it('pages through everything once, newest first, and for the same caller only', async () => {
    for (let count = 0; count < 5; count++) await world.submit();
    const headers = await world.as(['codes']);
    const total = await world.service.db.note.count();
    const seen: string[] = [];
    let token = '';
    do {
      const { answer } = await list(token, headers);
      seen.push(...answer.referrals.map(({ referralId }) => referralId));
      token = answer.nextPageToken;
    } while (token !== '');
    expect(new Set(seen).size).toBe(total);
    expect(seen).toHaveLength(total);

    const { nextPageToken } = (await list('', headers)).answer;
    const other = await world.as(['codes'], {}, 'someone-else');
    expect(await refusal(list(nextPageToken, other))).toMatchObject({ kind: 'invalid' });
    expect(await refusal(list(`${nextPageToken}x`, headers))).toMatchObject({ kind: 'invalid' });
  });

  it('lists only what the caller may read', async () => {
    const { answer } = await world.submit();
    const headers = await world.as(['full'], { 'if-match': '*' });
    await world.client.send(rpcs.acceptReferral, { referralId: answer.referralId }, headers);
    const { referrals } = (await list('', await world.as(['decided']))).answer;
    expect(referrals.length).toBeGreaterThan(0);
    expect(referrals.every(({ status }) => status === ReferralStatus.ACCEPTED)).toBe(true);
  });

  it('audits the ids on the page', async () => {
    const { answer } = await world.submit();
    await list('', await world.as(['codes']));
    const rows = await world.auditOf(answer.referralId);
    expect(rows.at(-1)).toMatchObject({ rpc: rpcs.listReferrals.path, decision: 'allow', outcome: 'ok' });
    expect(rows.at(-1)?.recordIds).toHaveLength(2);
  });

  it('audits what was asked for as a keyed digest, alike on every page and of no single read', async () => {
    await world.submit();
    const { answer } = await world.submit();
    const headers = await world.as(['codes']);
    const ask = (status: ReferralStatus, pageToken = '', pageSize = 1) =>
      world.client.send(rpcs.listReferrals, { pageSize, pageToken, status }, headers);
    const { nextPageToken } = (await ask(ReferralStatus.UNSPECIFIED)).answer;
    await ask(ReferralStatus.UNSPECIFIED, nextPageToken, 2);
    await ask(ReferralStatus.SUBMITTED);
    await world.client.send(rpcs.getReferral, { referralId: answer.referralId }, headers);
    await refusal(ask(ReferralStatus.SUBMITTED, 'made-up'));
    const rows = await world.service.db.auditEntry.findMany({ orderBy: { seq: 'desc' }, take: 5 });
    const [first, second, other, single, refused] = rows.reverse().map(({ filterDigest }) => filterDigest);
    expect(first).toMatch(/^[\w-]{22}$/);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    expect(refused).toBe(other);
    expect(single).toBeNull();
  });
});

it('writes no personal data to the log', () => {
  const all = world.lines.join('');
  expect(all).not.toContain('Imagined');
  expect(all).not.toContain('words that a person typed');
});
