import { factsAbout, loadConfig, runService, serve, serveSubjectRecords, serviceConfig } from '@midas/kit';
import { CallerFacts, CallerFactsServiceService } from '@midas/proto/case/v1/access';
import { PersonServiceService } from '@midas/proto/case/v1/case';
import { ReferralServiceService } from '@midas/proto/referral/v1/referral';
import { PrismaClient } from '../gen/prisma/client.ts';
import { incidentSubscriptions } from './incident/incident.events.ts';
import { incidentHandlers } from './incident/incident.rpc.ts';
import { incidentStore } from './incident/incident.store.ts';
import { factsMatter, policy } from './policy.ts';
import { referralSubscriptions } from './referral/referral.events.ts';
import { referralHandlers } from './referral/referral.rpc.ts';
import { referralStore } from './referral/referral.store.ts';
import { referralRecords } from './subject/subject.records.ts';

/** The front door: incidents and referrals. Publishes what happened to them, and hears it to identify the persons. */
export const start = (config = loadConfig(serviceConfig)) =>
  runService({
    name: 'referral',
    config,
    prisma: (adapter) => new PrismaClient({ adapter }),
    policy: ({ remote }) => {
      const owner = remote(CallerFactsServiceService, 'case');
      return policy(
        factsAbout({
          ask: (user) => owner.getCallerFacts({}, { user }),
          none: CallerFacts.fromPartial({}),
          matter: factsMatter,
        }),
      );
    },
    services: ({ sealer, newId }) => [
      serveSubjectRecords(
        referralRecords({
          incidents: incidentStore(sealer),
          referrals: referralStore(sealer),
          retentionYears: config.RETENTION_YEARS,
        }),
      ),
      serve(ReferralServiceService, {
        ...incidentHandlers({ incidents: incidentStore(sealer), newId }),
        ...referralHandlers({ referrals: referralStore(sealer), newId }),
      }),
    ],
    subscriptions: ({ db, sealer, remote }) => {
      const persons = remote(PersonServiceService, 'case');
      return [
        incidentSubscriptions({ db, incidents: incidentStore(sealer), persons }),
        referralSubscriptions({ db, referrals: referralStore(sealer), persons }),
      ];
    },
  });
