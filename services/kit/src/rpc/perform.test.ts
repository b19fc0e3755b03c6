import {
  ReferralStatus,
  RejectionReason,
  ReferralServiceService as rpcs,
} from '@midas/proto/referral/v1/referral';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fail } from '../errors/domain-error.ts';
import { type TestDatabase, testDatabase, waitFor } from '../testing/index.ts';
import { refusal, startWorld, submission, type World } from './fixture/world.ts';

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

beforeEach(() => world.reset());

describe('idempotency', () => {
  const countNotes = () => world.service.db.note.count();

  it('requires a key for a change', async () => {
    const { 'idempotency-key': _, ...headers } = await world.as(['sender']);
    expect(await refusal(world.submit(headers))).toMatchObject({
      kind: 'invalid',
      slug: 'idempotency-key-required',
    });
  });

  it('does once what is sent twice, and answers the same', async () => {
    const headers = await world.as(['sender']);
    const first = await world.submit(headers);
    const before = await countNotes();
    const second = await world.submit(headers);
    expect(second).toEqual(first);
    expect(await countNotes()).toBe(before);
    const rows = await world.auditOf(first.answer.referralId);
    expect(rows.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
  });

  it('keeps neither the body nor the key in clear', async () => {
    const headers = await world.as(['sender']);
    const { answer } = await world.submit(headers);
    const record = await world.service.db.idempotencyRecord.findFirstOrThrow({
      where: { resultId: answer.referralId },
    });
    expect(record.resultVersion).toBe(1);
    expect(record.key).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(record)).not.toContain(headers['idempotency-key']);
    expect(record.requestDigest).toHaveLength(32);
  });

  it('asks others nothing for a repetition, who may be away by now', async () => {
    const headers = await world.as(['sender']);
    const first = await world.submit(headers);
    world.service.hooks.prepare = async () => fail('unavailable', 'peer-unavailable', 'Away.');
    expect(await world.submit(headers)).toEqual(first);
    expect(await refusal(world.submit())).toMatchObject({ slug: 'peer-unavailable' });
  });

  it('authorises a repetition again', async () => {
    const headers = await world.as(['sender']);
    await world.submit(headers);
    const { 'x-user-authorization': user } = await world.as([]);
    expect(await refusal(world.submit({ ...headers, 'x-user-authorization': user }))).toMatchObject({
      kind: 'forbidden',
    });
  });

  it('refuses the key with another body', async () => {
    const headers = await world.as(['sender']);
    await world.submit(headers);
    const other = { ...submission, consentGiven: true };
    expect(await refusal(world.client.send(rpcs.submitReferral, other, headers))).toMatchObject({
      kind: 'conflict',
      slug: 'idempotency-key-reused',
    });
  });

  it('refuses the key while the first request is in flight', async () => {
    const headers = await world.as(['sender']);
    const reached = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    world.service.hooks.beforeCommit = async () => {
      reached.resolve();
      await held.promise;
    };
    const first = world.submit(headers);
    await reached.promise;
    expect(await refusal(world.submit(headers))).toMatchObject({
      kind: 'conflict',
      slug: 'idempotency-key-in-flight',
    });
    held.resolve();
    expect((await first).answer.status).toBe(ReferralStatus.SUBMITTED);
  });

  it('leaves the key free when the command fails', async () => {
    const headers = await world.as(['sender']);
    const before = await countNotes();
    world.service.hooks.beforeCommit = async () => {
      throw new Error('half-way');
    };
    expect(await refusal(world.submit(headers))).toMatchObject({ kind: 'internal' });
    expect(await countNotes()).toBe(before);
    world.service.hooks.beforeCommit = async () => undefined;
    expect((await world.submit(headers)).answer.status).toBe(ReferralStatus.SUBMITTED);
  });
});

describe('versions', () => {
  const accept = async (referralId: string, ifMatch?: string) =>
    world.client.send(
      rpcs.acceptReferral,
      { referralId },
      await world.as(['full'], ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    );

  it('requires the version of a record that is changed', async () => {
    const { answer } = await world.submit();
    expect(await refusal(accept(answer.referralId))).toMatchObject({ kind: 'precondition-required' });
  });

  it('gives the same ETag for the answer of a change and a read of it', async () => {
    const submitted = await world.submit();
    const read = await world.client.send(
      rpcs.getReferral,
      { referralId: submitted.answer.referralId },
      await world.as(['sender']),
    );
    expect(read.etag).toBe(submitted.etag);
    expect(read.etag).toMatch(/^"[\w-]{22}"$/);
  });

  it('takes the ETag of the record as the caller sees it, and only while it holds', async () => {
    const { answer, etag } = await world.submit();
    const { referralId } = answer;
    // The sender sees less, so the ETag is of another answer.
    expect(await refusal(accept(referralId, etag))).toMatchObject({ kind: 'stale', slug: 'stale' });
    const read = await world.client.send(rpcs.getReferral, { referralId }, await world.as(['full']));
    const accepted = await accept(referralId, `"other", ${read.etag}`);
    expect(accepted.answer.status).toBe(ReferralStatus.ACCEPTED);
    expect(accepted.etag).not.toBe(read.etag);
    expect(await refusal(accept(referralId, read.etag))).toMatchObject({ kind: 'stale' });
  });

  it('writes the event, the audit row and the key with the change', async () => {
    const { referralId } = (await world.submit()).answer;
    await accept(referralId, '*');
    const events = await world.service.db.outboxEvent.findMany({ where: { aggregateId: referralId } });
    expect(events).toMatchObject([
      { subject: 'midas.referral.referral.accepted.v1', aggregateVersion: 2, aggregateType: 'referral' },
    ]);
    const rows = await world.auditOf(referralId);
    expect(rows.at(-1)).toMatchObject({ rpc: rpcs.acceptReferral.path, decision: 'allow', outcome: 'ok' });
    expect(rows.at(-1)?.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('fails, and changes nothing, when a handler forgets to compare', async () => {
    const { referralId } = (await world.submit()).answer;
    const request = { referralId, reason: RejectionReason.OTHER, note: '' };
    const headers = await world.as(['full'], { 'if-match': '*' });
    expect(await refusal(world.client.send(rpcs.rejectReferral, request, headers))).toMatchObject({
      kind: 'internal',
    });
    expect((await world.service.db.note.findUniqueOrThrow({ where: { id: referralId } })).version).toBe(1);
  });
});

describe('failures', () => {
  it('answers an unknown error in generic words with the trace, and logs no text of it', async () => {
    const { answer } = await world.submit();
    world.service.hooks.fault = () => {
      throw new Error('Imagined lives at 1 Nowhere Street');
    };
    const from = world.lines.length;
    const error = await refusal(
      world.client.send(rpcs.getReferral, { referralId: answer.referralId }, await world.as(['full'])),
    );
    expect(error).toMatchObject({ kind: 'internal', slug: 'internal' });
    expect(error.message).toContain(error.traceId);
    const everything = JSON.stringify([error.message, world.lines.slice(from)]);
    expect(everything).not.toContain('Nowhere');
    expect(everything).toContain('service.ts');
  });

  it('audits what was refused by a rule or failed', async () => {
    const { answer } = await world.submit();
    world.service.hooks.fault = () => {
      throw new Error('no');
    };
    await refusal(
      world.client.send(rpcs.getReferral, { referralId: answer.referralId }, await world.as(['full'])),
    );
    expect((await world.auditOf(answer.referralId)).at(-1)).toMatchObject({
      outcome: 'internal',
      decision: 'allow',
    });
  });

  it('says unavailable while the database is away, and answers again when it is back', async () => {
    const { answer } = await world.submit();
    await world.wire.cut();
    const request = { referralId: answer.referralId };
    const error = await refusal(world.client.send(rpcs.getReferral, request, await world.as(['full'])));
    expect(error).toMatchObject({ kind: 'unavailable', slug: 'database-unavailable' });
    await world.wire.restore();
    const headers = await world.as(['full']);
    await waitFor(
      () =>
        world.client.send(rpcs.getReferral, request, headers).then(
          () => true,
          () => false,
        ),
      { what: 'an answer', timeoutMs: 10_000 },
    );
  });
});

it('writes no personal data to the log', () => {
  const all = world.lines.join('');
  expect(all).not.toContain('Imagined');
  expect(all).not.toContain('words that a person typed');
});
