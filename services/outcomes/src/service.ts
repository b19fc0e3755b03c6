import { loadConfig, type Running, runService, serve, serviceConfig } from '@midas/kit';
import { OutcomesServiceService } from '@midas/proto/outcomes/v1/outcomes';
import { PrismaClient } from '../gen/prisma/client.ts';
import { factSubscriptions } from './fact/fact.events.ts';
import { policy } from './policy.ts';
import { reportHandlers } from './report/report.rpc.ts';

/** Starts outcomes: facts from everyone's events, and the commissioners' report from the facts. */
export function start(config = loadConfig(serviceConfig)): Promise<Running> {
  return runService({
    name: 'outcomes',
    config,
    prisma: (adapter) => new PrismaClient({ adapter }),
    policy,
    services: ({ db }) => [serve(OutcomesServiceService, reportHandlers(db))],
    subscriptions: ({ pseudonym }) => factSubscriptions(pseudonym),
  });
}
