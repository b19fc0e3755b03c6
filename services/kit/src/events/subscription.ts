import { allEvents } from '../contract/index.ts';
import type { Codec, Database, Tx } from '../db/types.ts';
import type { EventLog } from './log.ts';
import { type Aggregate, publishableSubject } from './outbox.ts';

/** What is known of an event before its effect. */
export interface EventContext {
  readonly eventId: string;
  readonly aggregateId: string;
  /** Versions of one aggregate are consecutive, but events may arrive in any order. */
  readonly aggregateVersion: number;
  readonly occurredAt: Date;
  readonly subject: string;
  readonly now: Date;
  readonly log: EventLog;
  /** Aborts when the process drains. */
  readonly signal: AbortSignal;
}

/** The transaction of an event's effect. */
export interface EventUnit<Db> extends EventContext {
  readonly db: Tx<Db>;
  publish<T>(codec: Codec<T>, message: T, aggregate: Aggregate, occurredAt?: Date): void;
}

export interface Reaction<Db, Event, Prepared> {
  /** Work before the transaction, such as a remote call. */
  readonly prepare?: (event: Event, context: EventContext) => Promise<Prepared>;
  /** The effect. Must commute with the effects of other events, and may be tried more than once. */
  readonly apply: (event: Event, unit: EventUnit<Db>, prepared: Prepared) => Promise<void>;
  /** Starts a trace of its own, linked to the publisher's, instead of going on with it. */
  readonly newTrace?: boolean;
}

/** One event type with what a service does about it. */
export interface Subscription<Db> {
  readonly type: string;
  readonly subject: string;
  readonly newTrace: boolean;
  /** Decodes and prepares; the returned function applies within a transaction. */
  handle(payload: Uint8Array, context: EventContext): Promise<(unit: EventUnit<Db>) => Promise<void>>;
}

/** Subscribes to an event type. @throws when the message is no event or has a field with a privacy class. */
export function on<Db extends Database, Event, Prepared = undefined>(
  codec: Codec<Event>,
  reaction: Reaction<Db, Event, Prepared>,
): Subscription<Db> {
  return {
    type: codec.$type,
    subject: publishableSubject(codec.$type),
    newTrace: reaction.newTrace ?? false,
    handle: async (payload, context) => {
      const event = codec.decode(payload);
      const prepared = await reaction.prepare?.(event, context);
      // Without `prepare`, Prepared is undefined.
      return (unit) => reaction.apply(event, unit, prepared as Prepared);
    },
  };
}

/**
 * Checks that a service subscribes to exactly what the contract says it hears: its durable consumer is made of that.
 * @throws naming what is subscribed to and not in the contract, or the other way round.
 */
export function requireHeard(service: string, subscriptions: readonly { readonly subject: string }[]): void {
  const heard = allEvents().filter(({ heardBy }) => heardBy.includes(service));
  const contracted = heard.map(({ subject }) => subject);
  const subscribed = subscriptions.map(({ subject }) => subject);
  const wrong = [
    ...contracted.filter((subject) => !subscribed.includes(subject)),
    ...subscribed.filter((subject) => !contracted.includes(subject)),
  ];
  if (wrong.length === 0) return;
  throw new Error(`heard_by in the contract and the subscriptions of ${service} differ: ${wrong.join(', ')}`);
}
