import type { JsMsg } from '@nats-io/jetstream';
import { unknownEnumValue } from '../contract/enums.ts';
import { isUniqueViolation } from '../db/errors.ts';
import { transact } from '../db/transact.ts';
import type { Database, OutboxRow } from '../db/types.ts';
import type { ErrorKind } from '../errors/index.ts';
import { answerable } from '../rpc/failures.ts';
import { meters } from '../telemetry/meters.ts';
import { extract, inSpan } from '../telemetry/tracing.ts';
import { writeDeadLetter } from './dead-letter.ts';
import { type EventEnvelope, readEnvelope } from './headers.ts';
import type { EventLog } from './log.ts';
import { outboxRow } from './outbox.ts';
import type { EventContext, Subscription } from './subscription.ts';

interface ApplierOptions<Db> {
  readonly service: string;
  readonly db: Db;
  readonly subscriptions: readonly Subscription<Db>[];
  readonly log: EventLog;
  readonly newId: () => string;
  readonly now: () => Date;
  readonly delay: (failures: number) => number;
  readonly tries: number;
  readonly unknownDelayMs: number;
  readonly ackWaitMs: number;
  readonly signal: AbortSignal;
}

const inboxLookup = 'SELECT 1 AS found FROM inbox_event WHERE consumer = $1 AND event_id = $2::uuid';

/** Applies one delivery from start to acknowledgement. The returned function never rejects. */
export function applier<Db extends Database>(options: ApplierOptions<Db>): (message: JsMsg) => Promise<void> {
  const { service, db, log, delay, tries } = options;
  const bySubject = new Map(
    options.subscriptions.map((subscription) => [subscription.subject, subscription]),
  );
  // Counted here and not by the stream, whose count includes the tries that are nobody's fault. A restart begins anew.
  const failures = new Map<string, number>();

  const seen = async (eventId: string): Promise<boolean> => {
    const found = await db.$queryRawUnsafe<readonly unknown[]>(inboxLookup, service, eventId);
    return found.length > 0;
  };
  const effect = async (
    message: JsMsg,
    envelope: EventEnvelope,
    subscription: Subscription<Db>,
  ): Promise<void> => {
    const { eventId } = envelope;
    const context: EventContext = {
      ...envelope,
      subject: message.subject,
      now: options.now(),
      log,
      signal: options.signal,
    };
    const apply = await subscription.handle(message.data, context);
    await transact(db, async (tx) => {
      const events: OutboxRow[] = [];
      await apply({
        ...context,
        db: tx,
        publish: (codec, content, aggregate, occurredAt = context.now) => {
          events.push(outboxRow(codec, content, aggregate, occurredAt, options.newId));
        },
      });
      return { value: undefined, effects: { events, inbox: { consumer: service, eventId } } };
    });
  };
  const failed = async (message: JsMsg, envelope: EventEnvelope, error: unknown): Promise<void> => {
    const { eventId } = envelope;
    const { kind, slug } = answerable(error, '');
    // Not counted: an event must not become a dead letter for having come while what it needs was away or refused us.
    if (isPassing(kind)) {
      log.warn({ eventId, subject: message.subject, slug }, 'what an event needs is away; it waits');
      tell(() => message.nak(delay(message.info.deliveryCount)));
      return;
    }
    // Nor for being newer than this code.
    if (slug === unknownEnumValue) {
      log.warn(
        { eventId, subject: message.subject, slug },
        'an event is newer than this code; it waits for an upgrade',
      );
      tell(() => message.nak(options.unknownDelayMs));
      return;
    }
    const count = (failures.get(eventId) ?? 0) + 1;
    failures.set(eventId, count);
    const fields = { eventId, subject: message.subject, slug, attempt: count, error: nameOf(error) };
    if (count < tries) {
      log.warn(fields, 'an event could not be applied; it comes again');
      tell(() => message.nak(delay(count)));
      return;
    }
    const { subject, data } = message;
    const headers = headersOf(message);
    const letter = {
      consumer: service,
      eventId,
      subject,
      payload: data,
      headers,
      errorSlug: slug,
      attempts: count,
    };
    try {
      await writeDeadLetter(db, letter);
      tell(() => message.term(slug));
      failures.delete(eventId);
      log.error(fields, 'an event became a dead letter');
    } catch {
      tell(() => message.nak(delay(count)));
    }
  };
  const attempt = async (
    message: JsMsg,
    envelope: EventEnvelope,
    subscription: Subscription<Db>,
  ): Promise<void> => {
    const { eventId, recordedAt } = envelope;
    const labels = { service, subject: message.subject };
    const working = setInterval(() => tell(() => message.working()), options.ackWaitMs / 3);
    try {
      const repeated = message.redelivered && (await seen(eventId));
      if (!repeated) {
        await effect(message, envelope, subscription);
        meters.consumerApplied(labels);
        if (recordedAt !== undefined) meters.eventLag((Date.now() - recordedAt.getTime()) / 1000, labels);
      }
      failures.delete(eventId);
      tell(() => message.ack());
    } catch (error) {
      // Its effect is there already: committed by an earlier delivery or by another replica.
      if (!isUniqueViolation(error, 'inbox_event')) throw error;
      failures.delete(eventId);
      tell(() => message.ack());
    } finally {
      clearInterval(working);
    }
  };
  return async (message) => {
    if (options.signal.aborted) return;
    if (message.redelivered) meters.consumerRedelivered({ service });
    const headers = headersOf(message);
    const envelope = readEnvelope(headers);
    const subscription = bySubject.get(message.subject);
    if (envelope === undefined || subscription === undefined || subscription.type !== envelope.type) {
      log.warn({ subject: message.subject }, 'an event is newer than this code; it waits for an upgrade');
      tell(() => message.nak(options.unknownDelayMs));
      return;
    }
    const attributes = {
      'messaging.system': 'nats',
      'messaging.operation.type': 'process',
      'messaging.destination.name': message.subject,
      'messaging.message.id': envelope.eventId,
    };
    const span = { parent: extract(headers), newTrace: subscription.newTrace };
    await inSpan(
      `process ${message.subject}`,
      'consumer',
      attributes,
      () => attempt(message, envelope, subscription),
      span,
    ).catch((error: unknown) => failed(message, envelope, error));
  };
}

/** Says something to the stream. When it cannot hear, it delivers again, and the inbox knows what was done. */
function tell(say: () => void): void {
  try {
    say();
  } catch {
    // The connection is closed for good; there is nobody to tell.
  }
}

function headersOf(message: JsMsg): Record<string, string> {
  const { headers } = message;
  return Object.fromEntries((headers?.keys() ?? []).map((name) => [name, headers?.get(name) ?? '']));
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error ? `${error.name} ${String(error.code)}` : error.name;
}

// Faults of a peer or of our standing with it, which an operator mends while the event waits.
function isPassing(kind: ErrorKind): boolean {
  return kind === 'unavailable' || kind === 'timeout' || kind === 'unauthenticated' || kind === 'forbidden';
}
