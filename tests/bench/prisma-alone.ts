import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from '../../services/referral/gen/prisma/client.ts';
import { loop, type Timings } from './statistics.ts';

/** The same rows as the floor writes, in one batch transaction through a plain Prisma client with 16 connections. */
export async function prismaAlone(databaseUrl: string, seconds: number): Promise<Timings> {
  const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl, max: 16 }) });
  try {
    const [referral, event, key, audit] = await Promise.all([
      db.referral.findFirstOrThrow(),
      db.outboxEvent.findFirstOrThrow(),
      db.idempotencyRecord.findFirstOrThrow(),
      db.auditEntry.findFirstOrThrow(),
    ]);
    const { seq: _event, ...eventRow } = event;
    const { seq: _audit, writtenIn: _transaction, ...auditRow } = audit;
    return await loop(16, seconds, async () => {
      await db.$transaction([
        db.referral.create({ data: { ...referral, id: crypto.randomUUID(), sourceReference: null } }),
        db.outboxEvent.create({
          data: {
            ...eventRow,
            id: crypto.randomUUID(),
            headers: event.headers as Prisma.InputJsonValue,
            publishedAt: new Date(),
          },
        }),
        db.idempotencyRecord.create({ data: { ...key, key: crypto.randomUUID() } }),
        db.auditEntry.create({ data: { ...auditRow, id: crypto.randomUUID() } }),
      ]);
    });
  } finally {
    await db.$disconnect();
  }
}
