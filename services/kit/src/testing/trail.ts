import pg from 'pg';
import { PrismaClient } from '../../gen/prisma/client.ts';
import type { CopiedHead } from '../audit/heads.ts';
import { sealBatch } from '../audit/seal-table.ts';
import { type Verified, verifyTrail } from '../audit/verify.ts';
import {
  type AuditRow,
  auditMark,
  auditWriter,
  databaseAdapter,
  type KeyedDigest,
  lastingDigest,
  newId,
} from '../db/index.ts';
import { testKeyRing } from './config.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { waitFor } from './wait.ts';

/** An audit row of a call that nobody made. */
export const entry = (more: Partial<AuditRow> = {}): AuditRow => ({
  id: newId(),
  at: new Date(),
  subject: 'user-1',
  userName: 'worker@council',
  client: 'web',
  via: 'gateway',
  organisation: 'council',
  roles: ['intake-worker', 'case-worker'],
  rpc: '/x/Y',
  action: 'read',
  recordIds: ['a', 'b"ü\\c'],
  purpose: 'direct-care',
  decision: 'allow',
  outcome: 'ok',
  traceId: 'a'.repeat(32),
  ...more,
});

/** A database whose audit trail is written, sealed, tampered with and verified. */
export interface Trail extends AsyncDisposable {
  readonly database: TestDatabase;
  /** As the application. */
  readonly db: PrismaClient;
  /** As someone who may do anything. */
  readonly admin: pg.Client;
  /** The service's lasting digest, by which entries are marked. */
  readonly marks: KeyedDigest;
  /** An entry with its mark, not written. */
  entry(more?: Partial<AuditRow>): AuditRow;
  /** Writes so many entries and answers their ids. */
  write(count: number, more?: Partial<AuditRow>): Promise<readonly string[]>;
  /** Seals until no entry waits; answers the heads. */
  seal(limit?: number): Promise<readonly CopiedHead[]>;
  waiting(): Promise<number>;
  verify(heads?: readonly CopiedHead[]): Promise<Verified>;
  /** Ends the connections; the database stays. */
  disconnect(): Promise<void>;
}

/** The audit trail of a service in kit's own test database. */
export async function trail(service = 'kit'): Promise<Trail> {
  const database = await testDatabase('kit');
  const db = new PrismaClient({ adapter: databaseAdapter(database.url) });
  const admin = new pg.Client({ connectionString: database.adminUrl });
  // A test ends connections on purpose.
  admin.on('error', () => undefined);
  await admin.connect();
  const writer = auditWriter(db);
  const marks = lastingDigest(testKeyRing());
  const marked: Trail['entry'] = (more) => {
    const row = entry(more);
    return { ...row, mark: auditMark(marks, row) };
  };
  const verify: Trail['verify'] = (heads = []) => verifyTrail(admin, { service, heads, marks });
  const waiting = async (): Promise<number> => (await verify()).waiting;
  const disconnect = async (): Promise<void> => {
    await db.$disconnect();
    await admin.end().catch(() => undefined);
  };
  return {
    database,
    db,
    admin,
    marks,
    entry: marked,
    write: async (count, more = {}) => {
      const rows = Array.from({ length: count }, () => marked(more));
      await Promise.all(rows.map((row) => writer.write(row)));
      return rows.map(({ id }) => id);
    },
    seal: async (limit = 1_000) => {
      const heads: CopiedHead[] = [];
      // Transactions of other tests on the same server may hold the horizon back for a while.
      await waitFor(
        async () => {
          const { seal } = await sealBatch(db, { service, limit });
          if (seal !== undefined) heads.push({ service, seal: seal.number, head: seal.head });
          return seal === undefined && (await waiting()) === 0;
        },
        { what: 'every entry sealed', timeoutMs: 20_000 },
      );
      return heads;
    },
    waiting,
    verify,
    disconnect,
    [Symbol.asyncDispose]: async () => {
      await disconnect();
      await database[Symbol.asyncDispose]();
    },
  };
}
