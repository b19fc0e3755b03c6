import { type Call, command, type Handlers, query } from '@midas/kit';
import { RetentionRun, type SubjectServiceService } from '@midas/proto/case/v1/subject';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { RetentionStore, RunRow } from './retention.store.ts';
import { duePersons } from './retention.ts';
import type { Everywhere } from './subject.everywhere.ts';
import type { SubjectStore } from './subject.store.ts';

type RetentionHandlers = Pick<
  Handlers<typeof SubjectServiceService, PrismaClient>,
  'listRetentionDue' | 'startRetentionRun' | 'getRetentionRun'
>;

interface Deps {
  readonly store: SubjectStore;
  readonly all: Everywhere;
  readonly runs: RetentionStore;
}

/** Handlers of retention: the dry run, the run, and how far it is. */
export function retentionHandlers({ store, all, runs }: Deps): RetentionHandlers {
  const answer = async (call: Call, db: Parameters<typeof runs.find>[0], row: RunRow) =>
    call.show('RetentionRun', row, RetentionRun, {
      retentionRunId: row.id,
      startedBy: row.startedBy,
      startedAt: row.startedAt,
      finishedAt: await runs.finishedAt(db, row),
      examinedCount: row.examinedCount,
      erasedCount: row._count.erasures,
    });

  return {
    listRetentionDue: query(async ({ pageSize: size, pageToken: token }, call) => {
      call.require('read', 'RetentionRun', {});
      // Persons are walked in the order newest first like every list; what is not due is left out of its page.
      const { rows, nextPageToken } = await call.page({ size, token, binding: ['retention-due'] }, (keyset) =>
        call.db.person.findMany({ ...keyset, where: { AND: [{ erasedAt: null }, keyset.where] } }),
      );
      const personIds = rows.map(({ id }) => id);
      const kept = await all.retention(call.db, personIds, { call });
      const due = duePersons(kept, await store.held(call.db, personIds), call.now);
      return { answer: { due: [...due], nextPageToken }, audit: due.map(({ personId }) => personId) };
    }),

    startRetentionRun: command({
      decide: async (_, unit) => {
        unit.require('start', 'RetentionRun', {});
        const row = await runs.start(unit.db, { startedBy: unit.caller.userName, now: unit.now });
        return { id: row.id, version: 1, answer: await answer(unit, unit.db, row) };
      },
      reread: async (id, call) =>
        answer(call, call.db, call.require('read', 'RetentionRun', await runs.find(call.db, id))),
    }),

    getRetentionRun: query(async ({ retentionRunId: id }, call) => {
      const row = call.require('read', 'RetentionRun', await runs.find(call.db, id));
      return { answer: await answer(call, call.db, row), audit: [id] };
    }),
  };
}
