import type { Caller, Tx } from '@midas/kit';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { type Facts, type HeldCases, kindsOf, NO_FACTS } from './facts.ts';

type Db = Tx<PrismaClient>;

interface FactRow {
  readonly kind: 'BLOCKED' | 'BREAK_GLASS' | 'SHARED';
  readonly caseId: string;
  readonly personId: string;
  readonly scope: Facts['shared'][number]['scope'] | null;
}

/** A user's relationships as they stand now; nothing here is kept from one call to the next. */
export function factStore() {
  return {
    /**
     * Blocks, openings and shares, without cases that concern a person from whom the user is blocked. One statement,
     * whatever the roles, so that every call pays alike.
     */
    async of(db: Db, { userName, organisation, purpose, roles }: Caller, now: Date): Promise<Facts> {
      if (userName === '') return NO_FACTS;
      const { worker, receiver } = kindsOf(roles);
      const rows = await db.$queryRaw<readonly FactRow[]>`
        WITH blocked AS (
          SELECT unnest(person_id || other_person_ids) AS person_id
          FROM conflict_block WHERE user_name = ${userName} AND ended_at IS NULL
        )
        SELECT 'BLOCKED' AS kind, '' AS "caseId", person_id::text AS "personId", NULL AS scope FROM blocked
        UNION
        SELECT 'BREAK_GLASS', c.id::text, c.person_id::text, NULL
        FROM break_glass b JOIN support_case c ON c.person_id = b.person_id AND c.organisation = ${organisation}
        WHERE ${worker} AND b.opened_by = ${userName} AND b.organisation = ${organisation} AND b.ends_at > ${now}
          AND NOT EXISTS (SELECT FROM blocked WHERE blocked.person_id = ANY (c.concerns))
        UNION
        SELECT 'SHARED', c.id::text, c.person_id::text, g.scope::text
        FROM share_grant g JOIN support_case c ON c.id = g.case_id
        WHERE ${receiver} AND g.organisation = ${organisation} AND g.purpose = ${purpose}
          AND g.ended_at IS NULL AND g.expires_at > ${now}
          AND NOT EXISTS (SELECT FROM blocked WHERE blocked.person_id = ANY (c.concerns))`;
      return {
        blockedPersonIds: rows.flatMap(({ kind, personId }) => (kind === 'BLOCKED' ? [personId] : [])),
        brokenGlass: rows.flatMap(({ kind, caseId, personId }) =>
          kind === 'BREAK_GLASS' ? [{ caseId, personId }] : [],
        ),
        shared: rows.flatMap(({ caseId, personId, scope }) =>
          scope === null ? [] : [{ caseId, personId, scope }],
        ),
      };
    },

    /**
     * Cases allocated to a case-worker, or to one of his or her teams within the same provider; none that concerns a
     * person from whom he or she is blocked.
     */
    async held(
      db: Db,
      { userName, organisation, teams, roles }: Caller,
      blockedPersonIds: readonly string[],
    ): Promise<HeldCases> {
      if (!kindsOf(roles).worker || userName === '') return { assigned: [], team: [] };
      const rows = await db.case.findMany({
        where: {
          OR: [
            { worker: userName, OR: [{ organisation }, { organisation: null }] },
            { organisation, team: { in: [...teams] } },
          ],
          NOT: { concerns: { hasSome: [...blockedPersonIds] } },
        },
        select: { id: true, personId: true, worker: true, team: true, organisation: true },
      });
      const found = rows.map(({ id, ...row }) => ({ caseId: id, ...row }));
      const plain = ({ caseId, personId }: (typeof found)[number]) => ({ caseId, personId });
      return {
        assigned: found.filter(({ worker }) => worker === userName).map(plain),
        team: found
          .filter((row) => row.organisation === organisation && teams.includes(row.team ?? ''))
          .map(plain),
      };
    },
  };
}

export type FactStore = ReturnType<typeof factStore>;
