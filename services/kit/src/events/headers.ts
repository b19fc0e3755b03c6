import type { OutboxRow } from '../db/types.ts';

/*
 * Headers of an event on the stream: CloudEvents 1.0 in the NATS binding, the aggregate it belongs to, when it was
 * recorded, and W3C trace context.
 */
export const headerNames = {
  id: 'ce-id',
  source: 'ce-source',
  type: 'ce-type',
  subject: 'ce-subject',
  time: 'ce-time',
  aggregateType: 'midas-aggregate-type',
  aggregateId: 'midas-aggregate-id',
  aggregateVersion: 'midas-aggregate-version',
  recordedAt: 'midas-recorded-at',
} as const;

/** All headers of an outbox row's message. */
export function messageHeaders(row: OutboxRow): Record<string, string> {
  return {
    ...row.headers,
    'ce-specversion': '1.0',
    'content-type': 'application/protobuf',
    [headerNames.id]: row.id,
    [headerNames.source]: `/${row.subject.split('.').slice(0, 2).join('/')}`,
    [headerNames.type]: row.type,
    [headerNames.subject]: row.aggregateId,
    [headerNames.time]: row.occurredAt.toISOString(),
    [headerNames.aggregateType]: row.aggregateType,
    [headerNames.aggregateId]: row.aggregateId,
    [headerNames.aggregateVersion]: String(row.aggregateVersion),
  };
}

/** What the headers say of an event. */
export interface EventEnvelope {
  readonly eventId: string;
  readonly type: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly aggregateVersion: number;
  readonly occurredAt: Date;
  readonly recordedAt: Date | undefined;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads the headers; `undefined` when this is no event of ours. */
export function readEnvelope(headers: Readonly<Record<string, string>>): EventEnvelope | undefined {
  const {
    [headerNames.id]: eventId = '',
    [headerNames.type]: type,
    [headerNames.aggregateId]: aggregateId,
  } = headers;
  const occurredAt = new Date(headers[headerNames.time] ?? '');
  const aggregateVersion = Number(headers[headerNames.aggregateVersion]);
  const known = uuid.test(eventId) && type !== undefined && aggregateId !== undefined;
  if (!known || Number.isNaN(occurredAt.getTime()) || !Number.isInteger(aggregateVersion)) return undefined;
  const recorded = headers[headerNames.recordedAt];
  return {
    eventId,
    type,
    aggregateType: headers[headerNames.aggregateType] ?? '',
    aggregateId,
    aggregateVersion,
    occurredAt,
    recordedAt: recorded === undefined ? undefined : new Date(recorded),
  };
}
