import { randomBytes, randomUUID } from 'node:crypto';
import {
  ReferralKind,
  ReferralStatus,
  RejectionReason,
  ReferralServiceService as rpcs,
  SubmitReferralRequest,
  SupportKind,
} from '@midas/proto/referral/v1/referral';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../db/index.ts';
import type { DomainError } from '../errors/domain-error.ts';
import { logger } from '../log/logger.ts';
import { type TestDatabase, testDatabase, waitFor } from '../testing/index.ts';
import { testClient } from './fixture/client.ts';
import { startTestService, type TestService } from './fixture/service.ts';
import { issuer, type TestRealm, testRealm } from './fixture/tokens.ts';
import { type Wire, wireTo } from './fixture/wire.ts';

const person = {
  givenName: 'Ines',
  familyName: 'Imagined',
  birthDate: '1990-02-03',
  phone: '+441634960000',
  address: { lines: ['1 Nowhere Street'], postcode: 'ME4 4UH' },
};
const submission = SubmitReferralRequest.fromPartial({
  kind: ReferralKind.GP,
  support: SupportKind.IDVA,
  person,
  reason: 'words that a person typed',
});

let realm: TestRealm;
let database: TestDatabase;
let service: TestService;
let wire: Wire;
let client: ReturnType<typeof testClient>;
let gateway: string;
const lines: string[] = [];

beforeAll(async () => {
  realm = await testRealm();
  database = await testDatabase('kit');
  const log = logger({
    name: 'referral',
    level: 'debug',
    destination: { write: (line: string) => void lines.push(line) },
  });
  const keyRing = { active: 'k1', keys: { k1: new Uint8Array(randomBytes(32)) } };
  wire = await wireTo(database.adminUrl);
  service = await startTestService({ databaseUrl: wire.url, realm, keyRing, log });
  client = testClient(service.address);
  gateway = await realm.service('gateway', 'referral');
});

afterAll(async () => {
  client?.close();
  await service?.[Symbol.asyncDispose]();
  await wire?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  service.hooks.fault = undefined;
  service.hooks.beforeCommit = async () => undefined;
});

/** Headers of a user's call through the gateway. */
async function as(roles: readonly string[], more: Readonly<Record<string, string>> = {}, name = 'worker') {
  return {
    authorization: `Bearer ${gateway}`,
    'x-user-authorization': `Bearer ${await realm.user(name, roles)}`,
    'idempotency-key': randomUUID(),
    ...more,
  };
}

const refusal = (work: Promise<unknown>): Promise<DomainError> =>
  work.then(
    () => expect.fail('it was answered'),
    (error: DomainError) => error,
  );

const submit = async (headers?: Readonly<Record<string, string>>) =>
  client.send(rpcs.submitReferral, submission, headers ?? (await as(['sender'])));

const auditOf = (id: string) =>
  service.db.auditEntry.findMany({ where: { recordIds: { has: id } }, orderBy: { seq: 'asc' } });

describe('who calls', () => {
  const get = (headers: Readonly<Record<string, string>>) =>
    client.send(rpcs.getReferral, { referralId: newId() }, headers);

  it('refuses a call without the credential of a service', async () => {
    const user = await realm.user('worker', ['full']);
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
        ? await realm.service('gateway', 'referral', claims)
        : await new SignJWT({
            iss: issuer,
            sub: 'sub-gateway',
            azp: 'service-gateway',
            aud: 'referral',
            realm_access: { roles: ['service:gateway'] },
            exp: Number(exp),
          })
            .setProtectedHeader({ alg: 'RS256', kid: 'test' })
            .sign(realm.privateKey);
    const error = await refusal(get({ ...(await as(['full'])), authorization: `Bearer ${credential}` }));
    expect(error.kind).toBe('unauthenticated');
  });

  it('refuses a service token as a user, and a user token for another audience', async () => {
    const headers = await as(['full']);
    for (const token of [
      await realm.service('case', 'referral', { aud: ['midas'] }),
      await realm.user('worker', ['full'], { aud: 'account' }),
      'not.a.token',
    ]) {
      const error = await refusal(get({ ...headers, 'x-user-authorization': `Bearer ${token}` }));
      expect(error.kind).toBe('unauthenticated');
    }
  });

  it('refuses a token whose roles exclude each other', async () => {
    expect(await refusal(get(await as(['full', 'codes'])))).toMatchObject({
      kind: 'forbidden',
      slug: 'conflicting-roles',
    });
  });

  it('logs no token when it refuses one', async () => {
    const headers = { authorization: `Bearer ${await realm.service('gateway', 'risk')}` };
    // At most ten such lines a second are written, and the tests before may have used them up.
    await waitFor(
      async () => {
        await refusal(get(headers));
        return lines.some((line) => line.includes('token-refused'));
      },
      { what: 'a line of the log' },
    );
    expect(lines.join('')).not.toContain('eyJ');
  });
});

describe('rules of the contract', () => {
  it('names every field that breaks a rule and never repeats a value', async () => {
    const error = await refusal(
      client.send(
        rpcs.submitReferral,
        {
          ...submission,
          support: SupportKind.UNSPECIFIED,
          person: { ...submission.person, nhsNumber: '1234567890' } as never,
        },
        await as(['sender']),
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
    const error = await refusal(client.sendRaw(rpcs.submitReferral.path, bytes, await as(['sender'])));
    expect(error.kind).toBe('invalid');
    expect(error.violations.map((violation) => violation.rule)).toContain(rule);
  });

  it('refuses a message of more than 4 MB', async () => {
    const error = await refusal(
      client.sendRaw(rpcs.submitReferral.path, Buffer.alloc(5 * 1024 * 1024), await as(['sender'])),
    );
    expect(error.kind).toBe('too-large');
  });
});

describe('permission', () => {
  it('denies what no rule grants, and audits the refusal', async () => {
    const name = randomUUID();
    const headers = await as(['sender'], { 'if-match': '*', 'x-purpose': 'direct-care' }, name);
    const referralId = newId();
    const error = await refusal(client.send(rpcs.acceptReferral, { referralId }, headers));
    expect(error).toMatchObject({ kind: 'forbidden', slug: 'forbidden' });
    expect(await auditOf(referralId)).toMatchObject([
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
    const error = await refusal(client.send(rpcs.getReferral, { referralId: newId() }, await as([])));
    expect(error.kind).toBe('forbidden');
  });

  it('answers a record that may not be read exactly like one that does not exist', async () => {
    const { answer } = await submit();
    const headers = await as(['decided']);
    const [forbidden, unknown] = await Promise.all(
      [answer.referralId, newId()].map((referralId) =>
        refusal(client.send(rpcs.getReferral, { referralId }, headers)),
      ),
    );
    expect(forbidden).toMatchObject({ kind: 'not-found', slug: 'not-found' });
    expect(unknown).toMatchObject({ kind: 'not-found', slug: forbidden?.slug, message: forbidden?.message });
  });

  it('answers an internal RPC to the services it names and to no one else', async () => {
    const { referralId } = (await submit()).answer;
    const ask = async (service: string, more = {}) =>
      client.send(
        rpcs.getAcceptedReferral,
        { referralId },
        { authorization: `Bearer ${await realm.service(service, 'referral')}`, ...more },
      );
    expect((await ask('case')).answer.person?.familyName).toBe('Imagined');
    expect(await refusal(ask('risk'))).toMatchObject({ kind: 'forbidden' });
    const { 'x-user-authorization': user } = await as(['full']);
    expect(await refusal(ask('gateway', { 'x-user-authorization': user }))).toMatchObject({
      kind: 'forbidden',
    });
  });
});

describe('masks', () => {
  it('leaves out what the caller may not see and names it', async () => {
    const { answer } = await submit();
    expect(answer.person).toMatchObject({ familyName: 'Imagined', address: undefined });
    expect(answer.reason).toBe('');
    expect(answer.maskedFields).toEqual(
      expect.arrayContaining(['person.address', 'person.safe_contact.note', 'reason', 'rejection_note']),
    );
    const seen = await client.send(rpcs.getReferral, { referralId: answer.referralId }, await as(['full']));
    expect(seen.answer).toMatchObject({ person, reason: submission.reason, maskedFields: [] });
    const codes = await client.send(rpcs.getReferral, { referralId: answer.referralId }, await as(['codes']));
    expect(codes.answer).toMatchObject({ person: undefined, status: ReferralStatus.SUBMITTED });
  });

  it('masks to class NONE what a handler did not show', async () => {
    await submit();
    await submit();
    const { answer } = await client.send(
      rpcs.listReferrals,
      { pageSize: 2, pageToken: '', status: ReferralStatus.UNSPECIFIED },
      await as(['full']),
    );
    expect(answer.referrals[0]).toMatchObject({ person, maskedFields: [] });
    expect(answer.referrals[1]).toMatchObject({ person: undefined, kind: ReferralKind.GP });
    expect(answer.referrals[1]?.maskedFields).toContain('person');
  });
});

describe('lists', () => {
  const list = (pageToken: string, headers: Readonly<Record<string, string>>) =>
    client.send(rpcs.listReferrals, { pageSize: 2, pageToken, status: ReferralStatus.UNSPECIFIED }, headers);

  it('pages through everything once, newest first, and for the same caller only', async () => {
    for (let count = 0; count < 5; count++) await submit();
    const headers = await as(['codes']);
    const total = await service.db.note.count();
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
    const other = await as(['codes'], {}, 'someone-else');
    expect(await refusal(list(nextPageToken, other))).toMatchObject({ kind: 'invalid' });
    expect(await refusal(list(`${nextPageToken}x`, headers))).toMatchObject({ kind: 'invalid' });
  });

  it('lists only what the caller may read', async () => {
    const { answer } = await submit();
    const headers = await as(['full'], { 'if-match': '*' });
    await client.send(rpcs.acceptReferral, { referralId: answer.referralId }, headers);
    const { referrals } = (await list('', await as(['decided']))).answer;
    expect(referrals.length).toBeGreaterThan(0);
    expect(referrals.every(({ status }) => status === ReferralStatus.ACCEPTED)).toBe(true);
  });

  it('audits the ids on the page', async () => {
    const { answer } = await submit();
    await list('', await as(['codes']));
    const rows = await auditOf(answer.referralId);
    expect(rows.at(-1)).toMatchObject({ rpc: rpcs.listReferrals.path, decision: 'allow', outcome: 'ok' });
    expect(rows.at(-1)?.recordIds).toHaveLength(2);
  });
});

describe('idempotency', () => {
  const countNotes = () => service.db.note.count();

  it('requires a key for a change', async () => {
    const { 'idempotency-key': _, ...headers } = await as(['sender']);
    expect(await refusal(submit(headers))).toMatchObject({
      kind: 'invalid',
      slug: 'idempotency-key-required',
    });
  });

  it('does once what is sent twice, and answers the same', async () => {
    const headers = await as(['sender']);
    const first = await submit(headers);
    const before = await countNotes();
    const second = await submit(headers);
    expect(second).toEqual(first);
    expect(await countNotes()).toBe(before);
    const rows = await auditOf(first.answer.referralId);
    expect(rows.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
  });

  it('keeps no body', async () => {
    const headers = await as(['sender']);
    const { answer } = await submit(headers);
    const record = await service.db.idempotencyRecord.findFirstOrThrow({
      where: { key: headers['idempotency-key'] },
    });
    expect(record).toMatchObject({ resultId: answer.referralId, resultVersion: 1 });
    expect(record.requestDigest).toHaveLength(32);
  });

  it('authorises a repetition again', async () => {
    const headers = await as(['sender']);
    await submit(headers);
    const { 'x-user-authorization': user } = await as([]);
    expect(await refusal(submit({ ...headers, 'x-user-authorization': user }))).toMatchObject({
      kind: 'forbidden',
    });
  });

  it('refuses the key with another body', async () => {
    const headers = await as(['sender']);
    await submit(headers);
    const other = { ...submission, consentGiven: true };
    expect(await refusal(client.send(rpcs.submitReferral, other, headers))).toMatchObject({
      kind: 'conflict',
      slug: 'idempotency-key-reused',
    });
  });

  it('refuses the key while the first request is in flight', async () => {
    const headers = await as(['sender']);
    const reached = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    service.hooks.beforeCommit = async () => {
      reached.resolve();
      await held.promise;
    };
    const first = submit(headers);
    await reached.promise;
    expect(await refusal(submit(headers))).toMatchObject({
      kind: 'conflict',
      slug: 'idempotency-key-in-flight',
    });
    held.resolve();
    expect((await first).answer.status).toBe(ReferralStatus.SUBMITTED);
  });

  it('leaves the key free when the command fails', async () => {
    const headers = await as(['sender']);
    const before = await countNotes();
    service.hooks.beforeCommit = async () => {
      throw new Error('half-way');
    };
    expect(await refusal(submit(headers))).toMatchObject({ kind: 'internal' });
    expect(await countNotes()).toBe(before);
    service.hooks.beforeCommit = async () => undefined;
    expect((await submit(headers)).answer.status).toBe(ReferralStatus.SUBMITTED);
  });
});

describe('versions', () => {
  const accept = async (referralId: string, ifMatch?: string) =>
    client.send(
      rpcs.acceptReferral,
      { referralId },
      await as(['full'], ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    );

  it('requires the version of a record that is changed', async () => {
    const { answer } = await submit();
    expect(await refusal(accept(answer.referralId))).toMatchObject({ kind: 'precondition-required' });
  });

  it('gives the same ETag for the answer of a change and a read of it', async () => {
    const submitted = await submit();
    const read = await client.send(
      rpcs.getReferral,
      { referralId: submitted.answer.referralId },
      await as(['sender']),
    );
    expect(read.etag).toBe(submitted.etag);
    expect(read.etag).toMatch(/^"[\w-]{22}"$/);
  });

  it('takes the ETag of the record as the caller sees it, and only while it holds', async () => {
    const { answer, etag } = await submit();
    const { referralId } = answer;
    // The sender sees less, so the ETag is of another answer.
    expect(await refusal(accept(referralId, etag))).toMatchObject({ kind: 'stale', slug: 'stale' });
    const read = await client.send(rpcs.getReferral, { referralId }, await as(['full']));
    const accepted = await accept(referralId, `"other", ${read.etag}`);
    expect(accepted.answer.status).toBe(ReferralStatus.ACCEPTED);
    expect(accepted.etag).not.toBe(read.etag);
    expect(await refusal(accept(referralId, read.etag))).toMatchObject({ kind: 'stale' });
  });

  it('writes the event, the audit row and the key with the change', async () => {
    const { referralId } = (await submit()).answer;
    await accept(referralId, '*');
    const events = await service.db.outboxEvent.findMany({ where: { aggregateId: referralId } });
    expect(events).toMatchObject([
      { subject: 'midas.referral.referral.accepted.v1', aggregateVersion: 2, aggregateType: 'referral' },
    ]);
    const rows = await auditOf(referralId);
    expect(rows.at(-1)).toMatchObject({ rpc: rpcs.acceptReferral.path, decision: 'allow', outcome: 'ok' });
    expect(rows.at(-1)?.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('fails, and changes nothing, when a handler forgets to compare', async () => {
    const { referralId } = (await submit()).answer;
    const request = { referralId, reason: RejectionReason.OTHER, note: '' };
    const headers = await as(['full'], { 'if-match': '*' });
    expect(await refusal(client.send(rpcs.rejectReferral, request, headers))).toMatchObject({
      kind: 'internal',
    });
    expect((await service.db.note.findUniqueOrThrow({ where: { id: referralId } })).version).toBe(1);
  });
});

describe('failures', () => {
  it('answers an unknown error in generic words with the trace, and logs no text of it', async () => {
    const { answer } = await submit();
    service.hooks.fault = () => {
      throw new Error('Imagined lives at 1 Nowhere Street');
    };
    const from = lines.length;
    const error = await refusal(
      client.send(rpcs.getReferral, { referralId: answer.referralId }, await as(['full'])),
    );
    expect(error).toMatchObject({ kind: 'internal', slug: 'internal' });
    expect(error.message).toContain(error.traceId);
    const everything = JSON.stringify([error.message, lines.slice(from)]);
    expect(everything).not.toContain('Nowhere');
    expect(everything).toContain('service.ts');
  });

  it('audits what was refused by a rule or failed', async () => {
    const { answer } = await submit();
    service.hooks.fault = () => {
      throw new Error('no');
    };
    await refusal(client.send(rpcs.getReferral, { referralId: answer.referralId }, await as(['full'])));
    expect((await auditOf(answer.referralId)).at(-1)).toMatchObject({
      outcome: 'internal',
      decision: 'allow',
    });
  });

  it('says unavailable while the database is away, and answers again when it is back', async () => {
    const { answer } = await submit();
    await wire.cut();
    const request = { referralId: answer.referralId };
    const error = await refusal(client.send(rpcs.getReferral, request, await as(['full'])));
    expect(error).toMatchObject({ kind: 'unavailable', slug: 'database-unavailable' });
    await wire.restore();
    const headers = await as(['full']);
    await waitFor(
      () =>
        client.send(rpcs.getReferral, request, headers).then(
          () => true,
          () => false,
        ),
      { what: 'an answer', timeoutMs: 10_000 },
    );
  });
});

it('writes no personal data to the log', () => {
  const all = lines.join('');
  expect(all).not.toContain('Imagined');
  expect(all).not.toContain('words that a person typed');
});
