import { type Deps, loadConfig, meters, runService, serve, serviceConfig } from '@midas/kit';
import {
  BreakGlassServiceService,
  CallerFactsServiceService,
  ConflictBlockServiceService,
  ShareServiceService,
} from '@midas/proto/case/v1/access';
import { CaseServiceService, GroupServiceService, PersonServiceService } from '@midas/proto/case/v1/case';
import { SubjectServiceService } from '@midas/proto/case/v1/subject';
import { ProgrammeServiceService } from '@midas/proto/perpetrator_programme/v1/programme';
import { ReferralServiceService } from '@midas/proto/referral/v1/referral';
import { SubjectRecordsServiceService } from '@midas/proto/subject/v1/records';
import { PrismaClient } from '../gen/prisma/client.ts';
import { breakGlassHandlers } from './break-glass/break-glass.rpc.ts';
import { breakGlassStore } from './break-glass/break-glass.store.ts';
import { openCaseOnAcceptance } from './case/case.events.ts';
import { caseHandlers } from './case/case.rpc.ts';
import { caseStore } from './case/case.store.ts';
import { contactHandlers } from './case/contact.rpc.ts';
import { contactStore } from './case/contact.store.ts';
import { conflictHandlers } from './conflict/conflict.rpc.ts';
import { conflictStore } from './conflict/conflict.store.ts';
import { factHandlers } from './facts/facts.rpc.ts';
import { factStore } from './facts/facts.store.ts';
import { groupHandlers } from './group/group.rpc.ts';
import { groupStore } from './group/group.store.ts';
import { personHandlers } from './person/person.rpc.ts';
import { personStore } from './person/person.store.ts';
import { policy } from './policy.ts';
import { programmeSubscriptions } from './programme/programme.events.ts';
import { signalMatching } from './programme/programme.matching.ts';
import { programmeStore } from './programme/programme.store.ts';
import { shareHandlers } from './share/share.rpc.ts';
import { shareStore } from './share/share.store.ts';
import { sharedCaseHandlers } from './share/shared-case.rpc.ts';
import { erasing } from './subject/retention.background.ts';
import { retentionHandlers } from './subject/retention.rpc.ts';
import { retentionStore } from './subject/retention.store.ts';
import { everywhere } from './subject/subject.everywhere.ts';
import { caseRecords } from './subject/subject.records.ts';
import { subjectHandlers } from './subject/subject.rpc.ts';
import { subjectStore } from './subject/subject.store.ts';

/** The survivor side: who is who, cases and contacts, groups, and its own copy of what the programme signals. */
export const start = (config = loadConfig(serviceConfig)) =>
  runService({
    name: 'case',
    config,
    prisma: (adapter) => new PrismaClient({ adapter }),
    policy: ({ db, now }) => policy({ db, facts: factStore(), now }),
    services: (deps) => {
      const { sealer, blindIndex, newId } = deps;
      const { subjects, all } = dataSubjects(deps);
      const persons = personStore({ sealer, blindIndex, newId });
      const cases = caseStore(sealer, persons);
      const shares = shareStore(sealer);
      return [
        serve(PersonServiceService, personHandlers({ persons })),
        serve(CallerFactsServiceService, factHandlers({ facts: factStore() })),
        serve(SubjectServiceService, {
          ...subjectHandlers({ store: subjects, all, persons, newId }),
          ...retentionHandlers({ store: subjects, all, runs: retentionStore() }),
        }),
        serve(CaseServiceService, {
          ...caseHandlers({ cases, shares }),
          ...contactHandlers({ cases, contacts: contactStore(sealer), newId }),
        }),
        serve(ShareServiceService, {
          ...shareHandlers({ shares, cases, newId }),
          ...sharedCaseHandlers({ shares, cases }),
        }),
        serve(
          BreakGlassServiceService,
          breakGlassHandlers({ openings: breakGlassStore(sealer), persons, newId }),
        ),
        serve(
          ConflictBlockServiceService,
          conflictHandlers({ blocks: conflictStore(sealer), persons, newId }),
        ),
        serve(GroupServiceService, groupHandlers({ groups: groupStore(), cases, persons, newId })),
      ];
    },
    subscriptions: ({ sealer, blindIndex, newId, remote }) => {
      const persons = personStore({ sealer, blindIndex, newId });
      const referral = remote(ReferralServiceService, 'referral');
      const programme = remote(ProgrammeServiceService, 'perpetrator-programme');
      return [
        openCaseOnAcceptance({
          persons,
          cases: caseStore(sealer, persons),
          newId,
          acceptedReferral: (referralId) => referral.getAcceptedReferral({ referralId }),
        }),
        ...programmeSubscriptions({
          signals: programmeStore(sealer),
          particulars: (participantId, riskSignalId) =>
            programme.getProgrammeParticulars({ participantId, riskSignalId }),
        }),
      ];
    },
    indexes: ({ sealer, blindIndex, newId }) => [
      { table: 'person_key', rebuild: personStore({ sealer, blindIndex, newId }).reindex },
    ],
    background: (deps) => {
      const { db, sealer, blindIndex, newId, now, log, transaction } = deps;
      const { subjects, all } = dataSubjects(deps);
      const persons = personStore({ sealer, blindIndex, newId });
      return [
        signalMatching({ db, signals: programmeStore(sealer), persons, now, log }),
        erasing({ db, transaction, all, store: subjects, runs: retentionStore(), now, log }),
        {
          // The queue of information-governance, for whoever watches the platform: a count, and nothing of anybody.
          name: 'break-glass-queue',
          start: (stopped) => {
            const queue = { service: 'case', kind: 'break-glass' };
            const stop = meters.reviewsWaiting(queue, () => breakGlassStore(sealer).unreviewed(db));
            stopped.addEventListener('abort', stop, { once: true });
          },
        },
      ];
    },
  });

/** What answers data subjects: the requests kept here, and the records of every service of the survivor side. */
function dataSubjects({ sealer, blindIndex, newId, remote, config, now }: Deps<PrismaClient>) {
  const persons = personStore({ sealer, blindIndex, newId });
  const subjects = subjectStore(sealer);
  const own = caseRecords({
    sealer,
    persons,
    cases: caseStore(sealer, persons),
    contacts: contactStore(sealer),
    shares: shareStore(sealer),
    retentionYears: config.RETENTION_YEARS,
    now,
  });
  const peers = ['referral', 'risk', 'health-access'].map((callee) =>
    remote(SubjectRecordsServiceService, callee),
  );
  return { subjects, all: everywhere({ own, peers, persons, store: subjects }) };
}
