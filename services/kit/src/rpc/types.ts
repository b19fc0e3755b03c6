import type { PureAbility, Where } from '../access/ability.ts';
import type { Pages } from '../db/pages.ts';
import type { Codec, Tx } from '../db/types.ts';
import type { Caller } from '../identity/caller.ts';
import type { Logger } from '../log/logger.ts';

/** What every step of a call knows: who asks, what they may, until when, and how to answer. */
export interface Call {
  readonly caller: Caller;
  readonly ability: PureAbility;
  /** Why the caller asks (`X-Purpose`, or what the role stands for when it was left out); empty for a service. */
  readonly purpose: string;
  readonly traceId: string;
  readonly now: Date;
  /** Milliseconds since 1970 by which the answer must be there. */
  readonly deadline: number;
  /** Aborted when the caller went away or the deadline passed. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /**
   * The record, if the caller may do this with it. Not readable answers like not existing (`not-found`), readable
   * but not permitted is `forbidden`. `null` is a record that does not exist.
   */
  require<Row extends object>(action: string, subject: string, row: Row | null | undefined): Row;
  /** Whether the caller may do this with this record: what of a readable one a handler shows. */
  may(action: string, subject: string, row: object): boolean;
  /** Prisma condition for lists and counts: what the caller may do this with. */
  where(action: string, subject: string): Where;
  /**
   * The message as this caller may see it: fields of classes that no rule grants for this record are left out and
   * named in `masked_fields`. Whatever of an answer did not pass here is masked to class NONE.
   */
  show<T extends object>(subject: string, row: object, codec: Codec<T>, message: T): T;
  /** One page of a list, newest first; its token holds for this caller and this `binding` only. */
  readonly page: Pages['page'];
}

/** A call that reads. */
export interface Reader<Db> extends Call {
  readonly db: Db;
}

/** What an event is about. `version` counts the aggregate's events from 1 without a gap. */
export interface Aggregate {
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

/** A call that changes something: everything it does is one transaction. */
export interface Unit<Db> extends Call {
  readonly db: Tx<Db>;
  /** Puts an event in the outbox of this transaction. `occurredAt` is now when left out. */
  publish<T extends object>(codec: Codec<T>, message: T, aggregate: Aggregate, occurredAt?: Date): void;
  /**
   * Compares If-Match with the record as this caller sees it now (an answer of `show`); fails with `stale`.
   * Every RPC that updates a known record must call it before it changes anything.
   */
  match(shown: object): void;
}

/** Result of a command: the record it made or changed, and what the caller sees of it. */
export interface Answer<Res> {
  readonly id: string;
  readonly version: number;
  readonly answer: Res;
  /** Record ids for the audit trail; `id` when left out. */
  readonly audit?: readonly string[];
}

/** Result of a query: what the caller sees, and the ids of the records on it. */
export interface Found<Res> {
  readonly answer: Res;
  readonly audit: readonly string[];
  /** Whether to send an ETag; by default for an answer that is one shown record. */
  readonly etag?: boolean;
}

/** How a changing RPC is done. */
export interface CommandSteps<Req, Res, Prepared, Db> {
  /** Before the transaction: remote calls and anything slow. */
  readonly prepare?: (request: Req, call: Reader<Db>) => Promise<Prepared>;
  /** In the transaction; may run again after a serialization failure, so it does nothing but through `unit`. */
  readonly decide: (request: Req, unit: Unit<Db>, prepared: Prepared) => Promise<Answer<Res>>;
  /** Answers a repeated request: reads what the first one made and authorises again. */
  readonly reread: (id: string, reader: Reader<Db>) => Promise<Res>;
}

export interface Command<Req, Res, Db> {
  readonly kind: 'command';
  readonly steps: CommandSteps<Req, Res, unknown, Db>;
}

export interface Query<Req, Res, Db> {
  readonly kind: 'query';
  readonly read: (request: Req, reader: Reader<Db>) => Promise<Found<Res>>;
}

/** One method of a ts-proto `outputServices=grpc-js` definition, as far as kit needs it. */
export interface MethodDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (request: never) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => object;
  readonly responseSerialize: (response: never) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}

/** A ts-proto service definition, e.g. `ThingServiceService`. */
export type ServiceDefinition = Readonly<Record<string, MethodDefinition>>;

export type RequestOf<M extends MethodDefinition> = ReturnType<M['requestDeserialize']>;
export type ResponseOf<M extends MethodDefinition> = ReturnType<M['responseDeserialize']>;

/** One handler an RPC; a missing one does not compile. `Pick` from it to write a feature's handlers. */
export type Handlers<S extends ServiceDefinition, Db> = {
  readonly [Name in keyof S]:
    | Command<RequestOf<S[Name]>, ResponseOf<S[Name]>, Db>
    | Query<RequestOf<S[Name]>, ResponseOf<S[Name]>, Db>;
};
