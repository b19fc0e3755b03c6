import type { KeyedDigest } from './keys.ts';
import type { AuditRow } from './types.ts';

const markBytes = 16;

/**
 * The mark of an audit row: a keyed digest of all that it says, under the service's lasting key. Whoever can write into
 * the database and has no key cannot make one.
 */
export function auditMark(digest: KeyedDigest, row: Omit<AuditRow, 'mark'>): string {
  const said = [
    row.id,
    row.at.getTime(),
    row.subject,
    row.userName,
    row.client,
    row.via,
    row.organisation,
    row.roles,
    row.rpc,
    row.action,
    row.recordIds,
    row.filterDigest ?? null,
    row.purpose,
    row.decision,
    row.outcome,
    row.traceId,
  ];
  return Buffer.from(digest('audit-entry', JSON.stringify(said)))
    .subarray(0, markBytes)
    .toString('base64url');
}
