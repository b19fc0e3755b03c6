import { type Call, type Handlers, notFound, query } from '@midas/kit';
import { SharedCase, ShareScope, type ShareServiceService } from '@midas/proto/case/v1/access';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { CaseRow, CaseStore } from '../case/case.store.ts';
import type { ShareStore } from './share.store.ts';
import { widest } from './share.ts';

type SharedCaseHandlers = Pick<
  Handlers<typeof ShareServiceService, PrismaClient>,
  'getSharedCase' | 'listSharedCases'
>;

interface Deps {
  readonly shares: ShareStore;
  readonly cases: CaseStore;
}

type Reach = NonNullable<ReturnType<typeof widest>>;

/** Handlers of shared cases: what the receiving organisation sees, as far as its live grants reach. */
export function sharedCaseHandlers({ shares, cases }: Deps): SharedCaseHandlers {
  function show(call: Call, row: CaseRow, { scope, expiresAt }: Reach): SharedCase {
    const { person } = cases.open(row);
    const forHealth = scope !== 'SUMMARY';
    return call.show('SharedCase', row, SharedCase, {
      caseId: row.id,
      givenName: person.givenName,
      familyName: person.familyName,
      safeContact: person.safeContact,
      worker: row.worker ?? '',
      scope: ShareScope[scope],
      expiresAt,
      health: forHealth ? { nhsNumber: person.nhsNumber } : undefined,
      maskedFields: forHealth ? [] : ['health'],
    });
  }

  /** How far the grants of these cases reach for the caller's organisation and purpose. */
  async function reaches(call: Call & { readonly db: PrismaClient }, rows: readonly CaseRow[]) {
    const ids = rows.map(({ id }) => id);
    const live = await shares.live(call.db, ids, call.caller, call.now);
    return (row: CaseRow): Reach | null => widest(live.filter(({ caseId }) => caseId === row.id));
  }

  return {
    getSharedCase: query(async ({ caseId }, reader) => {
      const row = reader.require('read', 'SharedCase', await cases.find(reader.db, caseId));
      // Ended since the permission was judged: as if it had never been.
      const reach = (await reaches(reader, [row]))(row);
      if (reach === null) throw notFound('SharedCase');
      return { answer: show(reader, row, reach), audit: [caseId] };
    }),

    listSharedCases: query(async ({ pageSize, pageToken }, reader) => {
      const permitted = reader.where('read', 'SharedCase');
      const { rows, nextPageToken } = await reader.page(
        { size: pageSize, token: pageToken, binding: ['shared-cases', reader.caller.purpose] },
        (wanted) => cases.list(reader.db, permitted, wanted),
      );
      const reachOf = await reaches(reader, rows);
      const sharedCases = rows.flatMap((row) => {
        const reach = reachOf(row);
        return reach === null ? [] : [show(reader, row, reach)];
      });
      return {
        answer: { sharedCases, nextPageToken },
        audit: sharedCases.map(({ caseId }) => caseId),
      };
    }),
  };
}
