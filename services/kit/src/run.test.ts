import { Client, credentials } from '@grpc/grpc-js';
import {
  ReferralKind,
  ReferralServiceService,
  SubmitReferralRequest,
  SupportKind,
} from '@midas/proto/referral/v1/referral';
import { service as healthService } from 'grpc-health-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PrismaClient } from '../gen/prisma/client.ts';
import { abilityOf } from './access/rules.ts';
import { allEvents } from './contract/index.ts';
import type { Subscription } from './events/index.ts';
import { type Hooks, handlers, unhooked } from './rpc/fixture/service.ts';
import { type Running, runService } from './run.ts';
import {
  serviceClient,
  type TestDatabase,
  type TestNats,
  testDatabase,
  testNats,
  testServiceConfig,
  waitFor,
} from './testing/index.ts';

const submission = SubmitReferralRequest.fromPartial({
  kind: ReferralKind.POLICE,
  support: SupportKind.IDVA,
  person: { familyName: 'Imagined' },
});

let database: TestDatabase;
let nats: TestNats;
let running: Running;
let hooks: Hooks;

// What the contract says the service hears; what comes of it is of no matter here.
const heard: readonly Subscription<PrismaClient>[] = allEvents()
  .filter(({ heardBy }) => heardBy.includes('referral'))
  .map(({ desc, subject }) => ({
    type: desc.typeName,
    subject,
    newTrace: false,
    handle: async () => async () => undefined,
  }));

beforeEach(async () => {
  [database, nats] = await Promise.all([testDatabase('kit'), testNats()]);
  hooks = unhooked();
  running = await startWith(heard);
});

const startWith = (subscriptions: readonly Subscription<PrismaClient>[]): Promise<Running> =>
  runService({
    name: 'referral',
    config: testServiceConfig('referral', {
      DATABASE_URL: database.adminUrl,
      ...nats.environment('referral'),
    }),
    prisma: (adapter) => new PrismaClient({ adapter }),
    policy: {
      abilityFor: ({ roles }) =>
        abilityOf(
          roles.includes('referrer')
            ? [
                { action: 'submit', subject: 'Referral' },
                { action: 'read', subject: 'Referral' },
              ]
            : [],
        ),
    },
    services: () => [handlers(hooks)],
    subscriptions: () => subscriptions,
  });

afterEach(async () => {
  await running?.drain();
  await nats?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const submit = async (as: string) => {
  using client = serviceClient(ReferralServiceService, running.address, { as });
  return await client.submitReferral(submission);
};

async function readiness(): Promise<{ code: number; body: unknown }> {
  const response = await fetch(`http://${running.adminAddress}/readyz`);
  return { code: response.status, body: await response.json() };
}

it('answers who holds a real token and the role for it', async () => {
  expect((await submit('referrer@police')).referralId).toMatch(/^[0-9a-f-]{36}$/);
  await expect(submit('case-worker@provider')).rejects.toMatchObject({ kind: 'forbidden' });
});

it('counts and times its calls', async () => {
  await submit('referrer@police');
  const text = await (await fetch(`http://${running.adminAddress}/metrics`)).text();
  expect(text).toMatch(
    /midas_rpc_server_duration_seconds_count\{[^}]*rpc="midas.referral.v1.ReferralService\/SubmitReferral"[^}]*code="OK"[^}]*\} \d/,
  );
});

it('is ready, says which dependency is away, and takes commands without NATS', async () => {
  await waitFor(async () => JSON.stringify((await readiness()).body).includes('"status":"ok"'), {
    what: 'NATS up',
  });
  expect(await readiness()).toEqual({
    code: 200,
    body: { status: 'ok', dependencies: { database: 'up', nats: 'up', consumer: 'up', identity: 'up' } },
  });
  await nats.stop();
  await waitFor(async () => JSON.stringify((await readiness()).body).includes('"nats":"down"'), {
    what: 'NATS down',
  });
  expect(await readiness()).toMatchObject({ code: 200, body: { status: 'degraded' } });
  await expect(submit('referrer@police')).resolves.toMatchObject({ kind: ReferralKind.POLICE });
});

it('does not start with subscriptions that are not those of the contract', async () => {
  await expect(startWith(heard.slice(1))).rejects.toThrow(heard[0]?.subject);
});

it('says over gRPC that it serves', async () => {
  const client = new Client(running.address, credentials.createInsecure());
  const check = healthService.Check ?? expect.fail('no health service');
  const answer = await new Promise<unknown>((resolve, reject) => {
    client.makeUnaryRequest(
      check.path,
      check.requestSerialize,
      check.responseDeserialize,
      { service: 'midas.referral.v1.ReferralService' },
      (error, response) => (error === null ? resolve(response) : reject(error)),
    );
  });
  client.close();
  expect(answer).toMatchObject({ status: 'SERVING' });
});

it('finishes what is under way when it drains, and takes nothing new', async () => {
  const reached = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  hooks.beforeCommit = () => {
    reached.resolve();
    return held.promise;
  };
  const underWay = submit('referrer@police');
  await reached.promise;
  const drained = running.drain();
  await expect(submit('referrer@police')).rejects.toMatchObject({ kind: 'unavailable' });
  expect(await readiness()).toMatchObject({ code: 503, body: { status: 'draining' } });
  held.resolve();
  await expect(underWay).resolves.toMatchObject({ kind: ReferralKind.POLICE });
  await drained;
  await expect(fetch(`http://${running.adminAddress}/livez`)).rejects.toThrow();
});
