import type { Keyset } from './pages.ts';
import type { AuditRow, RawClient } from './types.ts';

/** An audit row as it is read; `recordedAt` is `at`, by which pages are ordered. */
export type AuditEntry = AuditRow & { readonly recordedAt: Date };

/** Which audit rows are asked for. */
export interface AuditQuestion {
  /** Rows that name at least one of these records. */
  readonly recordIds: readonly string[];
  /** From this time on. */
  readonly from?: Date | undefined;
  /** Before this time. */
  readonly to?: Date | undefined;
  /** What `call.page` hands to its `fetch`. */
  readonly page: Keyset;
}

const select = `SELECT id::text AS id, at, at AS "recordedAt", subject, user_name AS "userName", client, via, organisation,
    roles, rpc, action, record_ids AS "recordIds", filter_digest AS "filterDigest", purpose, decision, outcome,
    trace_id AS "traceId"
  FROM audit_entry
  WHERE record_ids && $1::text[]
    AND at >= coalesce($2::timestamptz, '-infinity') AND at < coalesce($3::timestamptz, 'infinity')
    AND (at, id) < (coalesce($4::timestamptz, 'infinity'), coalesce($5::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  ORDER BY at DESC, id DESC LIMIT $6::int`;

/** The audit rows of some records, newest first: who did or was refused what with them. */
export async function auditEntriesOf(
  db: RawClient,
  { recordIds, from, to, page }: AuditQuestion,
): Promise<readonly AuditEntry[]> {
  const after = 'OR' in page.where ? page.where.OR[1] : undefined;
  return db.$queryRawUnsafe<readonly AuditEntry[]>(
    select,
    recordIds,
    from ?? null,
    to ?? null,
    after?.recordedAt ?? null,
    after?.id.lt ?? null,
    page.take,
  );
}
