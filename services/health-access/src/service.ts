import { factsAbout, loadConfig, runService, serve, serveSubjectRecords, serviceConfig } from '@midas/kit';
import { CallerFacts, CallerFactsServiceService } from '@midas/proto/case/v1/access';
import { CaseServiceService } from '@midas/proto/case/v1/case';
import { HealthAccessServiceService } from '@midas/proto/health_access/v1/health_access';
import { PrismaClient } from '../gen/prisma/client.ts';
import { planHandlers } from './plan/plan.rpc.ts';
import { planStore } from './plan/plan.store.ts';
import { factsMatter, policy } from './policy.ts';
import { healthRecords } from './subject/subject.records.ts';

/** Health plans of cases. Asks `case` who may see them and when one is opened; publishes what happened, hears nothing. */
export const start = (config = loadConfig(serviceConfig)) =>
  runService({
    name: 'health-access',
    config,
    prisma: (adapter) => new PrismaClient({ adapter }),
    policy: ({ remote }) => {
      const owner = remote(CallerFactsServiceService, 'case');
      return policy(
        factsAbout({
          ask: (user) => owner.getCallerFacts({}, { user }),
          none: CallerFacts.fromPartial({}),
          matter: factsMatter,
          // A plan is often opened the moment after its case was shared.
          anew: (asked) => asked.kind === 'permission' && asked.action === 'open',
        }),
      );
    },
    services: ({ sealer, remote, newId }) => [
      serveSubjectRecords(
        healthRecords({ plans: planStore(sealer), retentionYears: config.RETENTION_YEARS }),
      ),
      serve(
        HealthAccessServiceService,
        planHandlers({ plans: planStore(sealer), cases: remote(CaseServiceService, 'case'), newId }),
      ),
    ],
  });
