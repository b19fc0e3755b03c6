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
import { ReferralServiceService } from '@midas/proto/referral/v1/referral';
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
    PERPETRATOR_PROGRAMME_ADDRESS: `127.0.0.1:${await freePort()}`,
  };
  for (const name of ['referral', 'case'] as const) {
    const database = owned.use(await testDatabase(name));
    const env = testServiceEnvironment(name, {
      ...addresses,
      ...nats.environment(name),
      DATABASE_URL: database.url,
      GRPC_PORT: String(ports[name]),
      ADMIN_PORT: String(await freePort()),
    });
    owned.use(await startProcess(name, env));
  }

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
