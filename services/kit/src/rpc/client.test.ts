import { randomUUID } from 'node:crypto';
import {
  ReferralKind,
  ReferralServiceService,
  SubmitReferralRequest,
  SupportKind,
} from '@midas/proto/referral/v1/referral';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../db/index.ts';
import { fail } from '../errors/domain-error.ts';
import { anonymous } from '../identity/caller.ts';
import type { ServiceTokens } from '../identity/service-tokens.ts';
import { logger } from '../log/logger.ts';
import { currentTraceId, inSpan } from '../telemetry/tracing.ts';
import { type TestDatabase, testDatabase, testKeyRing } from '../testing/index.ts';
import { waitFor } from '../testing/wait.ts';
import { plainTransport } from '../tls/index.ts';
import { type Remote, remote } from './client.ts';
import { startTestService, type TestService } from './fixture/service.ts';
import { type TestRealm, testRealm } from './fixture/tokens.ts';
import { type Wire, wireTo } from './fixture/wire.ts';
import type { Call } from './types.ts';

type Definition = typeof ReferralServiceService;
const submission = SubmitReferralRequest.fromPartial({
  kind: ReferralKind.GP,
  support: SupportKind.IDVA,
  person: { familyName: 'Imagined' },
});

let realm: TestRealm;
let database: TestDatabase;
let service: TestService;
let wire: Wire;
let open: Remote<Definition>[] = [];

beforeAll(async () => {
  realm = await testRealm();
  database = await testDatabase('kit');
  service = await startTestService({
    databaseUrl: database.adminUrl,
    realm,
    keyRing: testKeyRing(),
    log: logger({ name: 'referral', level: 'silent' }),
  });
  wire = await wireTo(`grpc://${service.address}`);
});

afterEach(() => {
  for (const client of open) client.close();
  open = [];
  service.hooks.fault = undefined;
});

afterAll(async () => {
  await wire?.[Symbol.asyncDispose]();
  await service?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

function clientOf(name: string, tokens?: ServiceTokens): Remote<Definition> {
  const client = remote(ReferralServiceService, {
    callee: 'referral',
    address: new URL(wire.url).host,
    transport: plainTransport,
    tokens: tokens ?? ((callee) => realm.service(name, callee)),
  });
  open.push(client);
  return client;
}

/** A call in whose course others are made, by a user with these roles. */
async function callOf(roles: readonly string[], more: Partial<Call> = {}): Promise<Call> {
  const caller = { ...anonymous('gateway'), kind: 'user' as const, token: await realm.user('worker', roles) };
  const parts: Partial<Call> = {
    caller: { ...caller, purpose: 'direct-care' },
    deadline: Date.now() + 5_000,
    ...more,
  };
  // The client reads nothing else of a call.
  return parts as Call;
}

async function submitted(): Promise<string> {
  const call = await callOf(['sender']);
  const { referralId } = await clientOf('gateway').submitReferral(submission, {
    call,
    idempotencyKey: randomUUID(),
  });
  return referralId;
}

describe('a client', () => {
  it('asks for itself by its own credential', async () => {
    const referralId = await submitted();
    const answer = await clientOf('case').getAcceptedReferral({ referralId });
    expect(answer.person?.familyName).toBe('Imagined');
  });

  it('asks for the user in whose call it is made, with the purpose', async () => {
    const referralId = await submitted();
    await clientOf('case').getReferral({ referralId }, { call: await callOf(['full']) });
    const rows = await service.db.auditEntry.findMany({
      where: { recordIds: { has: referralId } },
      orderBy: { seq: 'asc' },
    });
    expect(rows.at(-1)).toMatchObject({ userName: 'worker', via: 'case', purpose: 'direct-care' });
  });

  it('goes on with the trace', async () => {
    const referralId = await submitted();
    const trace = await inSpan('a test', 'internal', {}, async () => {
      await clientOf('case').getAcceptedReferral({ referralId });
      return currentTraceId();
    });
    const rows = await service.db.auditEntry.findMany({ where: { traceId: trace } });
    expect(rows).toHaveLength(1);
  });

  it('raises the error of its peer', async () => {
    await expect(clientOf('case').getAcceptedReferral({ referralId: newId() })).rejects.toMatchObject({
      kind: 'not-found',
      message: 'No such referral.',
    });
    await expect(clientOf('risk').getAcceptedReferral({ referralId: newId() })).rejects.toMatchObject({
      kind: 'forbidden',
    });
  });

  it('says unavailable when it has no credential, and asks no one', async () => {
    const client = clientOf('case', async () => fail('unavailable', 'identity-unavailable', 'No.'));
    await expect(client.getAcceptedReferral({ referralId: newId() })).rejects.toMatchObject({
      slug: 'identity-unavailable',
    });
  });

  it('asks again for what only reads', async () => {
    const referralId = await submitted();
    let failures = 0;
    service.hooks.fault = () => {
      failures += 1;
      if (failures === 2) service.hooks.fault = undefined;
      return fail('unavailable', 'not-yet', 'Not yet.');
    };
    const answer = await clientOf('gateway').getReferral({ referralId }, { call: await callOf(['full']) });
    expect(answer.referralId).toBe(referralId);
    expect(failures).toBe(2);
  });

  it('sends a change once', async () => {
    let tries = 0;
    service.hooks.beforeCommit = async () => {
      tries += 1;
      fail('unavailable', 'not-yet', 'Not yet.');
    };
    const call = await callOf(['sender']);
    const asked = clientOf('gateway').submitReferral(submission, { call, idempotencyKey: randomUUID() });
    await expect(asked).rejects.toMatchObject({ slug: 'not-yet' });
    expect(tries).toBe(1);
    service.hooks.beforeCommit = async () => undefined;
  });

  it('gives up at the deadline of the call', async () => {
    const held = Promise.withResolvers<void>();
    service.hooks.beforeCommit = () => held.promise;
    const call = await callOf(['sender'], { deadline: Date.now() + 300 });
    const asked = clientOf('gateway').submitReferral(submission, { call, idempotencyKey: randomUUID() });
    await expect(asked).rejects.toMatchObject({ kind: 'timeout' });
    held.resolve();
    service.hooks.beforeCommit = async () => undefined;
  });

  it('gives up when the call is gone', async () => {
    const reached = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    service.hooks.beforeCommit = () => {
      reached.resolve();
      return held.promise;
    };
    const gone = new AbortController();
    const call = await callOf(['sender'], { signal: gone.signal });
    const asked = clientOf('gateway').submitReferral(submission, { call, idempotencyKey: randomUUID() });
    await reached.promise;
    gone.abort();
    await expect(asked).rejects.toMatchObject({ kind: 'timeout' });
    held.resolve();
    service.hooks.beforeCommit = async () => undefined;
  });

  it('says unavailable while its peer is away and finds it again', async () => {
    const referralId = await submitted();
    const client = clientOf('case');
    await client.getAcceptedReferral({ referralId });
    await wire.cut();
    const lost = client.getAcceptedReferral({ referralId }, { timeoutMs: 2_000 });
    await expect(lost).rejects.toMatchObject({ kind: 'unavailable', slug: 'unavailable' });
    await wire.restore();
    // It connects again within its own backing off, which a call does not wait for.
    const found = await waitFor(() => client.getAcceptedReferral({ referralId }, { timeoutMs: 2_000 }), {
      what: 'the peer to be found again',
    });
    expect(found).toMatchObject({ referralId });
  });
});
