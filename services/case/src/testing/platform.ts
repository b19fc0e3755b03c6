import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Running } from '@midas/kit';
import {
  freePort,
  serviceClient,
  type TestDatabase,
  testDatabase,
  testNats,
  testServiceConfig,
  testServiceEnvironment,
  waitFor,
} from '@midas/kit/testing';
import { type Case, CaseServiceService } from '@midas/proto/case/v1/case';
import { Particulars } from '@midas/proto/common/v1/people';
import {
  ReferralKind,
  ReferralServiceService,
  SubmitReferralRequest,
  SupportKind,
} from '@midas/proto/referral/v1/referral';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { start } from '../service.ts';

/** The case service in this process, with the real neighbours that it asks as processes of their own. */
export interface Platform extends AsyncDisposable {
  /** What the case service stored. */
  readonly db: PrismaClient;
  /** The programme's database, for the tables that every service has. */
  readonly programmeDb: Pick<PrismaClient, 'auditEntry'>;
  readonly case: Running;
  readonly referral: string;
  readonly programme: string;
}

/** Starts the case service on a database and streams of its own, beside referral and perpetrator-programme. */
export async function startPlatform(): Promise<Platform> {
  // What was started before something failed ends too.
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await testNats());
  const port = await freePort();
  const neighbour = async (name: string) => {
    const database = stack.use(await testDatabase(name));
    const environment = {
      DATABASE_URL: database.url,
      ...nats.environment(name),
      CASE_ADDRESS: `127.0.0.1:${port}`,
    };
    const process = stack.use(await startProcess(name, environment));
    return { database, address: process.address };
  };
  const referral = await neighbour('referral');
  const programme = await neighbour('perpetrator-programme');
  const database = stack.use(await testDatabase('case'));
  const running = await start(
    testServiceConfig('case', {
      DATABASE_URL: database.url,
      ...nats.environment('case'),
      GRPC_PORT: `${port}`,
      REFERRAL_ADDRESS: referral.address,
      PERPETRATOR_PROGRAMME_ADDRESS: programme.address,
      // Asked about data subjects only, which is tested with the whole platform.
      RISK_ADDRESS: '127.0.0.1:1',
      HEALTH_ACCESS_ADDRESS: '127.0.0.1:1',
    }),
  );
  stack.defer(() => running.drain());
  const client = ({ adminUrl }: TestDatabase): PrismaClient => {
    const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: adminUrl, max: 2 }) });
    stack.defer(() => db.$disconnect());
    return db;
  };
  const clients = { db: client(database), programmeDb: client(programme.database) };
  const owned = stack.move();
  return {
    ...clients,
    case: running,
    referral: referral.address,
    programme: programme.address,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startProcess(name: string, environment: Readonly<Record<string, string>>) {
  const [grpc, admin] = [await freePort(), await freePort()];
  const entry = fileURLToPath(new URL(`../../../${name}/src/main.ts`, import.meta.url));
  const env = testServiceEnvironment(name, { ...environment, GRPC_PORT: `${grpc}`, ADMIN_PORT: `${admin}` });
  const child: ChildProcess = spawn(process.execPath, [entry], { env, stdio: 'ignore' });
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  const ready = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok;
  try {
    await waitFor(ready, { what: `the service ${name}`, timeoutMs: 50_000 });
  } catch (error) {
    await end();
    throw error;
  }
  return { address: `127.0.0.1:${grpc}`, [Symbol.asyncDispose]: end };
}

/** Someone invented, whose name no other test uses. */
export const invented = (known: Partial<Particulars> = {}): Particulars =>
  Particulars.fromPartial({
    givenName: 'Ada',
    familyName: `Invented ${crypto.randomUUID().replace(/[0-9-]/g, '')}`,
    birthDate: '1985-04-12',
    phone: '+441634000000',
    address: { lines: ['1 Nowhere Street'], postcode: 'ME4 4UH' },
    safeContact: { phone: 'CONTACT_SAFETY_SAFE', note: 'After four, ask for the library' },
    ...known,
  });

/** Submits and accepts a referral as partners and intake would, and answers its id. */
export async function acceptedReferral(
  { referral }: Platform,
  person: Particulars,
  allegedPerpetrators: readonly Particulars[] = [],
  acceptedAt = new Date('2018-01-10T09:00:00Z'),
): Promise<string> {
  using police = serviceClient(ReferralServiceService, referral, { as: 'referrer@police' });
  using intake = serviceClient(ReferralServiceService, referral, { as: 'intake-worker@provider' });
  const { referralId } = await police.submitReferral(
    SubmitReferralRequest.fromPartial({
      kind: ReferralKind.POLICE,
      support: SupportKind.IDVA,
      referredAt: new Date('2018-01-09T09:00:00Z'),
      person,
      allegedPerpetrators: [...allegedPerpetrators],
    }),
  );
  await intake.acceptReferral({ referralId, occurredAt: acceptedAt }, { headers: { 'if-match': '*' } });
  return referralId;
}

/** The case of a referral, once it is opened. */
export function caseOf(platform: Platform, referralId: string): Promise<Case> {
  const manager = serviceClient(CaseServiceService, platform.case.address, {
    as: 'service-manager@provider',
  });
  return waitFor(
    async () =>
      (await manager.listCases({ pageSize: 0, pageToken: '', status: 'CASE_STATUS_UNSPECIFIED', referralId }))
        .cases[0],
    { what: 'the case of the referral' },
  ).finally(() => manager[Symbol.dispose]());
}

/** A case opened for an accepted referral of an invented person and allocated to `case-worker@provider`. */
export async function allocatedCase(platform: Platform, person = invented()): Promise<Case> {
  const { caseId } = await caseOf(platform, await acceptedReferral(platform, person));
  using manager = serviceClient(CaseServiceService, platform.case.address, {
    as: 'service-manager@provider',
  });
  return await manager.allocateCase(
    { caseId, worker: 'case-worker@provider', team: 'idva', occurredAt: new Date('2018-01-11T09:00:00Z') },
    { headers: { 'if-match': '*' } },
  );
}
