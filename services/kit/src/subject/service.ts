import {
  Capacity,
  EraseSubjectRecordsResponse,
  FindSubjectRecordsResponse,
  GetSubjectRetentionResponse,
  ListSubjectAccessesResponse,
  type RecordAccess,
  SubjectRecordsServiceService,
} from '@midas/proto/subject/v1/records';
import { type AuditEntry, auditEntriesOf, type Keyset, newId } from '../db/index.ts';
import type { Database } from '../db/types.ts';
import { fail } from '../errors/domain-error.ts';
import { type Bound, command, query, serve } from '../rpc/handlers.ts';
import type { SubjectRecords } from './subject-records.ts';

/**
 * Serves what the other services ask about a data subject. A policy permits it by
 * `subjectRecordsRules`.
 */
export function serveSubjectRecords<Db extends Database>(records: SubjectRecords<Db>): Bound<Db> {
  return serve<typeof SubjectRecordsServiceService, Db>(SubjectRecordsServiceService, {
    findSubjectRecords: query(async ({ personIds }, call) => {
      call.require('read', 'SubjectRecords', {});
      const found = await records.find(call.db, personIds);
      const message = FindSubjectRecordsResponse.fromPartial({
        records: found.map(({ kind, id, standing, recordedAt, fields }) => ({
          kind,
          recordId: id,
          capacity: Capacity[standing.capacity],
          recordedAt,
          fields: [...fields],
        })),
      });
      return {
        answer: call.show('SubjectRecords', {}, FindSubjectRecordsResponse, message),
        audit: [...personIds, ...found.map(({ id }) => id)],
      };
    }),

    listSubjectAccesses: query(async ({ personIds, before, beforeId, limit }, call) => {
      call.require('read', 'SubjectRecords', {});
      const named = new Set([...personIds, ...(await records.recordIds(call.db, personIds))]);
      const where: Keyset['where'] =
        before === undefined
          ? {}
          : { OR: [{ recordedAt: { lt: before } }, { recordedAt: before, id: { lt: beforeId } }] };
      const rows = await auditEntriesOf(call.db, {
        recordIds: [...named],
        page: {
          where,
          orderBy: [{ recordedAt: 'desc' }, { id: 'desc' }],
          take: limit || 200,
        },
      });
      const message = ListSubjectAccessesResponse.fromPartial({
        accesses: rows.map((row) => recordAccess(row, named)),
      });
      return {
        answer: call.show('SubjectRecords', {}, ListSubjectAccessesResponse, message),
        audit: personIds,
      };
    }),

    getSubjectRetention: query(async ({ personIds }, call) => {
      call.require('read', 'SubjectRetention', {});
      const persons = await records.retention(call.db, personIds);
      const message = GetSubjectRetentionResponse.fromPartial({
        persons: persons.map(({ personId, keepUntil }) => ({ personId, keepUntil: keepUntil ?? undefined })),
      });
      return {
        answer: call.show('SubjectRetention', {}, GetSubjectRetentionResponse, message),
        audit: personIds,
      };
    }),

    eraseSubjectRecords: command({
      decide: async ({ personIds }, unit) => {
        unit.require('erase', 'SubjectRetention', {});
        const erasedCount = await records.erase(unit.db, personIds);
        return {
          id: newId(),
          version: 1,
          answer: EraseSubjectRecordsResponse.fromPartial({ erasedCount }),
          audit: personIds,
        };
      },
      // Services send no idempotency key here: erasing again changes nothing.
      reread: async () =>
        fail('unsupported', 'not-replayable', 'Records are erased again by person, not by a key.'),
    }),
  });
}

/** A row of the audit trail as it is told about persons whose records are `named`. */
export const recordAccess = (row: AuditEntry, named: ReadonlySet<string>): RecordAccess => ({
  auditId: row.id,
  at: row.at,
  userName: row.userName,
  organisation: row.organisation,
  roles: [...row.roles],
  rpc: row.rpc,
  purpose: row.purpose,
  decision: row.decision,
  outcome: row.outcome,
  recordIds: row.recordIds.filter((id) => named.has(id)),
  traceId: row.traceId,
});
