import { loadConfig, runService, serve, serviceConfig } from '@midas/kit';
import { ReferralServiceService } from '@midas/proto/referral/v1/referral';
import { PrismaClient } from '../gen/prisma/client.ts';
import { incidentHandlers } from './incident/incident.rpc.ts';
import { incidentStore } from './incident/incident.store.ts';
import { policy } from './policy.ts';
import { referralHandlers } from './referral/referral.rpc.ts';
import { referralStore } from './referral/referral.store.ts';

/** The front door: incidents and referrals. Publishes what happened to them, hears nothing. */
export const start = (config = loadConfig(serviceConfig)) =>
  runService({
    name: 'referral',
    config,
    prisma: (adapter) => new PrismaClient({ adapter }),
    policy,
    services: ({ sealer, newId }) => [
      serve(ReferralServiceService, {
        ...incidentHandlers({ incidents: incidentStore(sealer), newId }),
        ...referralHandlers({ referrals: referralStore(sealer), newId }),
      }),
    ],
  });
