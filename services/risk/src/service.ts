import { factsAbout, loadConfig, runService, serve, serveSubjectRecords, serviceConfig } from '@midas/kit';
import { CallerFacts, CallerFactsServiceService } from '@midas/proto/case/v1/access';
import { PersonServiceService } from '@midas/proto/case/v1/case';
import { ReferralServiceService } from '@midas/proto/referral/v1/referral';
import { RiskServiceService } from '@midas/proto/risk/v1/risk';
import { z } from 'zod';
import { PrismaClient } from '../gen/prisma/client.ts';
import { assessmentSubscriptions } from './assessment/assessment.events.ts';
import { assessmentHandlers } from './assessment/assessment.rpc.ts';
import { assessmentStore } from './assessment/assessment.store.ts';
import { incidentSubscriptions } from './incident/incident.events.ts';
import { maracSubscriptions } from './marac/marac.events.ts';
import { findingsUnderOtherSettings } from './marac/marac.findings.ts';
import { maracHandlers } from './marac/marac.rpc.ts';
import { maracStore } from './marac/marac.store.ts';
import { type RepeatRule, wordings } from './marac/repeat.ts';
import { factsMatter, needsListed, policy, type RiskFacts } from './policy.ts';
import { riskRecords } from './subject/subject.records.ts';

/** What the process is told besides. */
export const riskConfig = serviceConfig.extend({
  /** Calendar months within which an incident after a MARAC referral makes the next one a repeat. */
  MARAC_REPEAT_WINDOW_MONTHS: z.coerce.number().int().min(1).max(120).default(12),
  /** Whether any abuse or only a criminal act makes a repeat. */
  MARAC_REPEAT_WORDING: z.enum(wordings).default('any-abuse'),
});

/** Risk: assessments by instrument, incidents heard from the feed, and MARAC with its repeat rule. */
export function start(config = loadConfig(riskConfig)) {
  const rule: RepeatRule = {
    windowMonths: config.MARAC_REPEAT_WINDOW_MONTHS,
    wording: config.MARAC_REPEAT_WORDING,
  };
  return runService({
    name: 'risk',
    config,
    prisma: (adapter) => new PrismaClient({ adapter }),
    policy: ({ db, sealer, remote }) => {
      const owner = remote(CallerFactsServiceService, 'case');
      const listed = maracStore(sealer);
      return policy(
        factsAbout<RiskFacts>({
          ask: async (user) => ({
            ...(await owner.getCallerFacts({}, { user })),
            listedPersonIds: needsListed(user) ? await listed.victims(db) : [],
          }),
          none: { ...CallerFacts.fromPartial({}), listedPersonIds: [] },
          matter: factsMatter,
        }),
      );
    },
    services: ({ sealer, newId }) => [
      serveSubjectRecords(
        riskRecords({
          assessments: assessmentStore(sealer),
          referrals: maracStore(sealer),
          retentionYears: config.RETENTION_YEARS,
        }),
      ),
      serve(RiskServiceService, {
        ...assessmentHandlers({ assessments: assessmentStore(sealer), newId }),
        ...maracHandlers({ referrals: maracStore(sealer), newId }),
      }),
    ],
    subscriptions: ({ db, sealer, remote, newId }) => {
      const persons = remote(PersonServiceService, 'case');
      const referral = remote(ReferralServiceService, 'referral');
      const assessments = assessmentStore(sealer);
      return [
        ...incidentSubscriptions({ assessments, referral, persons, newId }),
        ...assessmentSubscriptions({ db, assessments, persons }),
        ...maracSubscriptions({ db, referrals: maracStore(sealer), persons, rule }),
      ];
    },
    background: ({ db, sealer, transaction, log }) => [
      findingsUnderOtherSettings({ db, referrals: maracStore(sealer), transaction, rule, log }),
    ],
  });
}
