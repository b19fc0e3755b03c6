import { waitFor } from '@midas/kit/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import pg from 'pg';
import { type Platform, type ServiceName, services } from './platform.ts';

/** Rows of one statement, asked as superuser of a service's database. */
export async function rowsOf(
  platform: Platform,
  service: ServiceName,
  sql: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: platform.databases[service].adminUrl });
  await client.connect();
  try {
    return (await client.query<Readonly<Record<string, unknown>>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The number that a statement calls `n`. */
export async function countOf(platform: Platform, service: ServiceName, sql: string): Promise<number> {
  return Number((await rowsOf(platform, service, sql))[0]?.n);
}

// Counts every table in one statement, whatever tables a service has. A refusal does leave an audit entry, which is
// sealed in its time.
const countAll = `SELECT relname AS table,
    (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I', relname), false, true, '')))[1]::text AS n
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname NOT IN ('audit_entry', 'audit_seal')`;

/** How many rows every table of every service holds, as `service.table` → rows; the audit trail apart. */
export async function rowCounts(platform: Platform): Promise<Readonly<Record<string, number>>> {
  const counts = await Promise.all(
    services.map(async (service) =>
      (await rowsOf(platform, service, countAll)).map(
        ({ table, n }) => [`${service}.${String(table)}`, Number(n)] as const,
      ),
    ),
  );
  return Object.fromEntries(counts.flat());
}

/** Waits until every event has been published and applied by everyone who hears it. */
export async function settled(platform: Platform, timeoutMs = 30_000): Promise<void> {
  const nats = await platform.nats.connect();
  try {
    const manager = await jetstreamManager(nats);
    await waitFor(
      async () => {
        const waiting = await Promise.all(
          services.map((service) =>
            countOf(platform, service, 'SELECT count(*) AS n FROM outbox_event WHERE published_at IS NULL'),
          ),
        );
        if (waiting.some((n) => n > 0)) return false;
        for await (const consumer of manager.consumers.list('MIDAS')) {
          if (consumer.num_pending + consumer.num_ack_pending > 0) return false;
        }
        return true;
      },
      { what: 'every event to be published and applied', timeoutMs },
    );
  } finally {
    await nats.close();
  }
}
