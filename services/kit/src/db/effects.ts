import type { AuditRow, Effects, OutboxRow } from './types.ts';

/*
 * Everything kit writes at the end of a command goes in one statement: one journey to the database instead of four.
 * Rows travel as JSON, so there are few statement texts and each is prepared once a connection.
 */

/** PostgreSQL channel that wakes the relay. */
export const outboxChannel = 'midas_outbox';

const outboxInsert = (json: string): string => `INSERT INTO outbox_event
  (id, subject, type, aggregate_type, aggregate_id, aggregate_version, payload, headers, occurred_at)
  SELECT id, subject, type, aggregate_type, aggregate_id, aggregate_version, decode(payload, 'base64'), headers,
    occurred_at
  FROM json_to_recordset(${json}::json) AS r(id uuid, subject text, type text, aggregate_type text,
    aggregate_id text, aggregate_version int, payload text, headers jsonb, occurred_at timestamptz)`;

const auditColumns = `id, at, subject, user_name, client, via, organisation, roles, rpc, action, record_ids,
  filter_digest, purpose, decision, outcome, trace_id, mark`;

/** Inserts audit rows given as one JSON array. */
export const auditInsert = (json: string): string => `INSERT INTO audit_entry (${auditColumns})
  SELECT ${auditColumns} FROM json_to_recordset(${json}::json) AS r(id uuid, at timestamptz, subject text,
    user_name text, client text, via text, organisation text, roles text[], rpc text, action text,
    record_ids text[], filter_digest text, purpose text, decision text, outcome text, trace_id text,
    mark text)`;

const idempotencyInsert = (json: string): string => `INSERT INTO idempotency_record
  (client, subject, rpc, key, request_digest, result_id, result_version)
  SELECT client, subject, rpc, key, decode(request_digest, 'base64'), result_id, result_version
  FROM json_to_record(${json}::json) AS r(client text, subject text, rpc text, key text, request_digest text,
    result_id text, result_version int)`;

const inboxInsert = (json: string): string => `INSERT INTO inbox_event (consumer, event_id)
  SELECT consumer, event_id FROM json_to_record(${json}::json) AS r(consumer text, event_id uuid)`;

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

const outboxJson = (rows: readonly OutboxRow[]): string =>
  JSON.stringify(
    rows.map((row) => ({
      id: row.id,
      subject: row.subject,
      type: row.type,
      aggregate_type: row.aggregateType,
      aggregate_id: row.aggregateId,
      aggregate_version: row.aggregateVersion,
      payload: base64(row.payload),
      headers: row.headers,
      occurred_at: row.occurredAt,
    })),
  );

/** Audit rows as the JSON array that `auditInsert` reads. */
export const auditJson = (rows: readonly AuditRow[]): string =>
  JSON.stringify(
    rows.map(({ userName, recordIds, filterDigest, traceId, ...rest }) => ({
      ...rest,
      user_name: userName,
      record_ids: recordIds,
      filter_digest: filterDigest,
      trace_id: traceId,
    })),
  );

/** The one statement that writes all effects; `undefined` when there is nothing to write. */
export function effectsStatement(effects: Effects): { sql: string; values: string[] } | undefined {
  const parts: string[] = [];
  const values: string[] = [];
  const add = (insert: (json: string) => string, json: string): void => {
    values.push(json);
    parts.push(insert(`$${values.length}`));
  };
  const { events, idempotency, audit, inbox } = effects;
  if (inbox !== undefined)
    add(inboxInsert, JSON.stringify({ consumer: inbox.consumer, event_id: inbox.eventId }));
  if (idempotency !== undefined) {
    const { requestDigest, resultId, resultVersion, ...key } = idempotency;
    add(
      idempotencyInsert,
      JSON.stringify({
        ...key,
        request_digest: base64(requestDigest),
        result_id: resultId,
        result_version: resultVersion,
      }),
    );
  }
  if (audit !== undefined) add(auditInsert, auditJson([audit]));
  if (events.length > 0) add(outboxInsert, outboxJson(events));
  if (parts.length === 0) return undefined;
  if (parts.length === 1) return { sql: parts.join(''), values };
  const last = parts.at(-1) ?? '';
  const named = parts.slice(0, -1).map((part, index) => `e${index} AS (${part})`);
  return { sql: `WITH ${named.join(', ')} ${last}`, values };
}
