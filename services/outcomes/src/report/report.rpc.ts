import { query } from '@midas/kit';
import { CommissionersReport, type GetCommissionersReportRequest } from '@midas/proto/outcomes/v1/outcomes';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { measures, notes } from './measures.ts';
import { countMeasures } from './report.store.ts';

/** The commissioners' report as it stands now. It holds aggregates only and no person's record. */
export function reportHandlers(db: PrismaClient) {
  return {
    getCommissionersReport: query<GetCommissionersReportRequest, CommissionersReport, PrismaClient>(
      async (_request, reader) => ({
        answer: CommissionersReport.fromPartial({
          measures: [...(await countMeasures(db, measures))],
          notes: [...notes],
          madeAt: reader.now,
        }),
        audit: ['commissioners'],
      }),
    ),
  };
}
