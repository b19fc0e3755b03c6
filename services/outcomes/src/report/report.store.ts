import type { Tx } from '@midas/kit';
import { Prisma, type PrismaClient } from '../../gen/prisma/client.ts';
import type { Count, MeasureDefinition, Period } from './measures.ts';
import { countsOf, type Measured, measured } from './report.ts';

/** Every measure, counted in one snapshot, so that the rows of a report agree with each other. */
export function countMeasures(
  db: PrismaClient,
  all: readonly MeasureDefinition[],
): Promise<readonly Measured[]> {
  return db.$transaction(
    async (tx) => {
      const rows: Measured[] = [];
      for (const measure of all) {
        const counts: number[] = [];
        for (const count of countsOf(measure)) counts.push(await countOf(tx, count, measure.period));
        rows.push(measured(measure, counts));
      }
      return rows;
    },
    { isolationLevel: 'RepeatableRead' },
  );
}

async function countOf(tx: Tx<PrismaClient>, count: Count, period: Period): Promise<number> {
  const [row] = await tx.$queryRaw<{ n: number }[]>(query(count, period));
  return row?.n ?? 0;
}

function query(count: Count, period: Period): Prisma.Sql {
  switch (count.fact) {
    case 'incident':
      // Should an incident ever have two assessments, the later is the one that counts.
      return Prisma.sql`
        SELECT count(*)::int AS n FROM incident_fact i
        CROSS JOIN LATERAL (
          SELECT level FROM assessment_fact a WHERE a.incident_id = i.incident_id
          ORDER BY a.occurred_at DESC, a.assessment_id DESC LIMIT 1
        ) assessment
        WHERE i.organisation = ${count.organisation} AND ${within('i.reported_at', period)}
          ${and('assessment.level', count.level)}`;
    case 'marac':
      return Prisma.sql`
        SELECT count(*)::int AS n FROM marac_referral_fact m
        LEFT JOIN marac_repeat_fact r USING (marac_referral_id)
        WHERE ${within('m.referred_at', period)} ${count.repeat ? Prisma.sql`AND r.repeat` : Prisma.empty}`;
    case 'referral':
      return Prisma.sql`
        SELECT count(*)::int AS n FROM referral_fact r
        LEFT JOIN engagement_fact e USING (referral_id)
        WHERE ${within('r.referred_at', period)} ${and('r.kind', count.kind)} ${and('r.support', count.support)}
          ${count.engaged ? Prisma.sql`AND e.referral_id IS NOT NULL` : Prisma.empty}`;
    case 'attendance':
      return Prisma.sql`
        SELECT count(DISTINCT person)::int AS n FROM attendance_fact
        WHERE programme = ${count.programme} AND ${within('held_at', period)}`;
  }
}

type Column = 'i.reported_at' | 'm.referred_at' | 'r.referred_at' | 'held_at';

/** From the first moment of the first day to the last of the last, in the clocks of Europe/London. */
function within(column: Column, { first, last }: Period): Prisma.Sql {
  const instant = Prisma.raw(column);
  return Prisma.sql`(${instant} >= ${first}::date::timestamp AT TIME ZONE 'Europe/London'
    AND ${instant} < (${last}::date + 1)::timestamp AT TIME ZONE 'Europe/London')`;
}

function and(column: 'assessment.level' | 'r.kind' | 'r.support', value: string | undefined): Prisma.Sql {
  return value === undefined ? Prisma.empty : Prisma.sql`AND ${Prisma.raw(column)} = ${value}`;
}
