import { eventOf, markedFields } from '../contract/index.ts';
import type { Codec, OutboxRow } from '../db/types.ts';
import { markSpan } from '../telemetry/tracing.ts';
import { headerNames } from './headers.ts';

/** The aggregate an event belongs to; versions of one aggregate are consecutive. */
export interface Aggregate {
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

const proven = new Map<string, string>();

/**
 * Subject of an event type. @throws when the message is no event, or when one of its fields, at any depth, carries a
 * privacy class: such a message must never reach the stream.
 */
export function publishableSubject(typeName: string): string {
  const known = proven.get(typeName);
  if (known !== undefined) return known;
  const { subject } = eventOf(typeName);
  const marked = markedFields(typeName).map(({ path }) => path);
  if (marked.length > 0)
    throw new Error(`${typeName} may not be published: ${marked.join(', ')} carry a privacy class`);
  proven.set(typeName, subject);
  return subject;
}

/** An event as an outbox row. Its producer span, a child of the active span, is the parent of every consumer's. */
export function outboxRow<T>(
  codec: Codec<T>,
  message: T,
  aggregate: Aggregate,
  occurredAt: Date,
  newId: () => string,
): OutboxRow {
  const subject = publishableSubject(codec.$type);
  const id = newId();
  const trace = markSpan(`publish ${subject}`, 'producer', {
    'messaging.system': 'nats',
    'messaging.operation.type': 'create',
    'messaging.destination.name': subject,
    'messaging.message.id': id,
  });
  return {
    id,
    subject,
    type: codec.$type,
    aggregateType: aggregate.type,
    aggregateId: aggregate.id,
    aggregateVersion: aggregate.version,
    payload: codec.encode(message).finish(),
    headers: { ...trace, [headerNames.recordedAt]: new Date().toISOString() },
    occurredAt,
  };
}
