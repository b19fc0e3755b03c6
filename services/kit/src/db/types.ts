/** A ts-proto message codec, as far as kit needs it; every generated message object is one. */
export interface Codec<T> {
  readonly $type: string;
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** What kit asks of a service's Prisma client: raw statements. */
export interface RawClient {
  $executeRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<number>;
  $queryRawUnsafe<T = unknown>(sql: string, ...values: unknown[]): PromiseLike<T>;
}

/** What kit asks of a service's Prisma client outside a transaction. Any generated PrismaClient fits. */
export interface Database extends RawClient {
  $transaction<R>(
    work: (tx: object) => Promise<R>,
    options?: { maxWait?: number; timeout?: number },
  ): Promise<R>;
  $disconnect(): Promise<void>;
}

/** A service's Prisma client inside a transaction. */
export type Tx<Db> = Omit<Db, '$connect' | '$disconnect' | '$on' | '$use' | '$extends' | '$transaction'>;

/** One event as it waits in the outbox. `headers` are the message headers of the publish, traceparent included. */
export interface OutboxRow {
  readonly id: string;
  readonly subject: string;
  readonly type: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly aggregateVersion: number;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
}

export interface IdempotencyKey {
  readonly client: string;
  readonly subject: string;
  readonly rpc: string;
  readonly key: string;
}

/** What is remembered of a keyed command: a digest of the request and where its result is, never a body. */
export interface IdempotencyRow extends IdempotencyKey {
  readonly requestDigest: Uint8Array;
  readonly resultId: string;
  readonly resultVersion: number;
}

/** One call, as the audit trail keeps it. `outcome` is `ok` or an error's slug. */
export interface AuditRow {
  readonly id: string;
  readonly at: Date;
  readonly subject: string;
  readonly userName: string;
  readonly client: string;
  readonly via: string;
  readonly organisation: string;
  readonly roles: readonly string[];
  readonly rpc: string;
  readonly action: string;
  readonly recordIds: readonly string[];
  /** What a list or search was asked for, as a keyed digest. */
  readonly filterDigest?: string | undefined;
  readonly purpose: string;
  readonly decision: 'allow' | 'deny';
  readonly outcome: string;
  readonly traceId: string;
  /** See `auditMark`. */
  readonly mark?: string | undefined;
}

/** Which event's effect a transaction holds. */
export interface InboxRow {
  readonly consumer: string;
  readonly eventId: string;
}

/** What a transaction leaves behind besides the service's own rows. Written in one statement before the commit. */
export interface Effects {
  readonly events: readonly OutboxRow[];
  readonly idempotency?: IdempotencyRow | undefined;
  readonly audit?: AuditRow | undefined;
  readonly inbox?: InboxRow | undefined;
}

/** `new`: the key is ours until the transaction ends. `done`: it was used. `busy`: another call holds it now. */
export type KeyClaim =
  | { readonly state: 'new' }
  | {
      readonly state: 'done';
      readonly requestDigest: Uint8Array;
      readonly resultId: string;
      readonly resultVersion: number;
    }
  | { readonly state: 'busy' };
