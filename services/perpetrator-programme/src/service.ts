import { loadConfig, runService, serve, serviceConfig } from '@midas/kit';
import { ProgrammeServiceService } from '@midas/proto/perpetrator_programme/v1/programme';
import { PrismaClient } from '../gen/prisma/client.ts';
import { keepingHandlers } from './keeping/keeping.rpc.ts';
import { keepingStore } from './keeping/keeping.store.ts';
import { participantHandlers } from './participant/participant.rpc.ts';
import { participantStore } from './participant/participant.store.ts';
import { policy } from './policy.ts';
import { sessionHandlers } from './session/session.rpc.ts';
import { sessionStore } from './session/session.store.ts';
import { signalHandlers } from './signal/signal.rpc.ts';
import { signalStore } from './signal/signal.store.ts';
import { subjectHandlers } from './subject/subject.rpc.ts';

/** The perpetrator programme, behind the wall. It asks nobody and hears nothing. */
export const start = (config = loadConfig(serviceConfig)) =>
  runService({
    name: 'perpetrator-programme',
    config,
    prisma: (adapter) => new PrismaClient({ adapter }),
    policy,
    indexes: (deps) => [{ table: 'participant_key', rebuild: participantStore(deps).reindex }],
    services: ({ sealer, blindIndex, newId }) => {
      const participants = participantStore({ sealer, blindIndex });
      const signals = signalStore(sealer);
      const sessions = sessionStore();
      return [
        serve(ProgrammeServiceService, {
          ...participantHandlers({ participants, newId }),
          ...sessionHandlers({ participants, sessions, newId }),
          ...signalHandlers({ participants, signals, newId }),
          ...subjectHandlers({ participants, sessions }),
          ...keepingHandlers({
            participants,
            decisions: keepingStore(sealer),
            newId,
            retentionYears: config.RETENTION_YEARS,
          }),
        }),
      ];
    },
  });
