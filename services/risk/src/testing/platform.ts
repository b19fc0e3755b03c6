import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { loadConfig, type Running } from '@midas/kit';
import {
  freePort,
  serviceClient,
  testDatabase,
  testNats,
  testServiceEnvironment,
  testServiceToken,
  waitFor,
} from '@midas/kit/testing';
import { CaseServiceService, ListCasesRequest } from '@midas/proto/case/v1/case';
import type { Particulars } from '@midas/proto/common/v1/people';
import {
  ReferralKind,
  ReferralServiceService,
  SubmitReferralRequest,
  SupportKind,
} from '@midas/proto/referral/v1/referral';
import { RiskServiceService } from '@midas/proto/risk/v1/risk';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { riskConfig, start } from '../service.ts';

const services = join(import.meta.dirname, '../../..');

/** Risk in this process, with the `referral` and `case` that it asks as processes beside it, all on one stream. */
export async function startPlatform() {
  const owned = new AsyncDisposableStack();
  const nats = owned.use(await testNats());
  const ports = { referral: await freePort(), case: await freePort() };
  const addresses = {
    REFERRAL_ADDRESS: `127.0.0.1:${ports.referral}`,
    CASE_ADDRESS: `127.0.0.1:${ports.case}`,
    // Named, as the configuration asks for; nothing here calls them.
    PERPETRATOR_PROGRAMME_ADDRESS: '127.0.0.1:1',
    RISK_ADDRESS: '127.0.0.1:1',
    HEALTH_ACCESS_ADDRESS: '127.0.0.1:1',
  };
  const databases = new Map<string, string>();
  for (const name of ['referral', 'case'] as const) {
    const database = owned.use(await testDatabase(name));
    databases.set(name, database.adminUrl);
    const env = testServiceEnvironment(name, {
      ...addresses,
      ...nats.environment(name),
      DATABASE_URL: database.url,
      GRPC_PORT: String(ports[name]),
      ADMIN_PORT: String(await freePort()),
    });
    owned.use(await startProcess(name, env));
  }

  const caseDb = new PrismaClient({ adapter: new PrismaPg({ connectionString: databases.get('case') }) });
  owned.defer(() => caseDb.$disconnect());

  const database = owned.use(await testDatabase('risk'));
  const environment = testServiceEnvironment('risk', {
    ...addresses,
    ...nats.environment('risk'),
    DATABASE_URL: database.url,
  });
  const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.adminUrl }) });
  owned.defer(() => db.$disconnect());
  const startRisk = (settings: Readonly<Record<string, string>> = {}): Promise<Running> =>
    start(loadConfig(riskConfig, { env: { ...environment, ...settings }, argv: [] }));

  let running = await startRisk();
  owned.defer(() => running.drain());
  return {
    db,
    /** Stops risk and starts it with other settings. */
    restart: async (settings: Readonly<Record<string, string>>): Promise<void> => {
      await running.drain();
      running = await startRisk(settings);
      await waitFor(async () => (await fetch(`http://${running.adminAddress}/readyz`)).ok, { what: 'risk' });
    },
    risk: (as: string) => serviceClient(RiskServiceService, running.address, { as }),
    /** Opens a case for a person as partners, intake and a manager would, allocates it, and answers its id. */
    allocatedCase: async (person: Particulars, worker: string, team: string): Promise<string> => {
      const referral = (as: string) =>
        serviceClient(ReferralServiceService, addresses.REFERRAL_ADDRESS, { as });
      const manager = serviceClient(CaseServiceService, addresses.CASE_ADDRESS, {
        as: 'service-manager@provider',
      });
      const { referralId } = await referral('referrer@police').submitReferral(
        SubmitReferralRequest.fromPartial({
          kind: ReferralKind.POLICE,
          support: SupportKind.IDVA,
          person,
        }),
      );
      const anyVersion = { headers: { 'if-match': '*' } };
      await referral('intake-worker@provider').acceptReferral({ referralId }, anyVersion);
      const caseId = await waitFor(
        async () => (await manager.listCases(ListCasesRequest.fromPartial({ referralId }))).cases[0]?.caseId,
        { what: 'the case' },
      );
      await manager.allocateCase({ caseId, worker, team }, anyVersion);
      return caseId;
    },
    /** Blocks a user from a person, as information governance would. */
    block: async (userName: string, personId: string): Promise<void> => {
      await caseDb.$executeRaw`INSERT INTO conflict_block
        (id, user_name, person_id, reason, blocked_by, recorded_at)
        VALUES (gen_random_uuid(), ${userName}, ${personId}::uuid, '', 'somebody', now())`;
    },
    unblock: async (userName: string): Promise<void> => {
      await caseDb.$executeRaw`UPDATE conflict_block SET ended_at = now() WHERE user_name = ${userName}`;
    },
    /** Shares a case with an organisation for an hour, as its worker would. */
    share: async (
      caseId: string,
      organisation: string,
      scope: 'SUMMARY' | 'HEALTH' | 'FULL',
    ): Promise<void> => {
      await caseDb.$executeRaw`INSERT INTO share_grant
        (id, case_id, organisation, purpose, scope, lawful_basis, consent_given, owner, granted_at, expires_at,
          version, recorded_at)
        VALUES (gen_random_uuid(), ${caseId}::uuid, ${organisation}, 'direct-care', ${scope}::share_scope, 'CONSENT',
          true, 'somebody', now(), now() + interval '1 hour', 1, now())`;
    },
    referral: async (partner: string) =>
      serviceClient(ReferralServiceService, addresses.REFERRAL_ADDRESS, {
        as: { userToken: await testServiceToken(`partner-${partner}`) },
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export type Platform = Awaited<ReturnType<typeof startPlatform>>;

async function startProcess(name: string, env: Record<string, string>): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, [join(services, name, 'src/main.ts')], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ready = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    return (await fetch(`http://127.0.0.1:${env.ADMIN_PORT}/readyz`)).ok;
  };
  await waitFor(ready, { what: name, timeoutMs: 60_000 });
  return {
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
