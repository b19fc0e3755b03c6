import { testDatabase } from '@midas/kit/testing';
import pg from 'pg';
import { expect, test } from 'vitest';
import { services } from '../setup/platform.ts';

const entry = `INSERT INTO audit_entry (id, at, subject, user_name, client, via, organisation, roles, rpc, action,
    record_ids, purpose, decision, outcome, trace_id)
  VALUES (gen_random_uuid(), now(), 's', 'u', 'c', 'v', 'o', '{}', '/x/Y', 'read', '{}', '', 'allow', 'ok', '')`;
const seal = `INSERT INTO audit_seal (number, sealed_at, previous, head, entry_ids, digests, through_written, through_seq,
    highest_seq, floor_seq)
  VALUES (1, now(), '', '', '{}', '', 0, 0, 0, 0)`;

/** What must not be possible with a table of the audit trail. */
const changes = (table: string, column: string): readonly string[] => [
  `UPDATE ${table} SET ${column} = ${column}`,
  `DELETE FROM ${table}`,
  `TRUNCATE ${table}`,
  `ALTER TABLE ${table} ADD COLUMN more int`,
  `DROP TABLE ${table}`,
  `CREATE TRIGGER t BEFORE INSERT ON ${table} EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
];

test.each(services)(
  'the application of %s adds to the audit trail and reads it, and never changes it',
  async (service) => {
    await using database = await testDatabase(service);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const denied = async (sql: string): Promise<void> => {
      const error = await client.query(sql).catch((thrown: unknown) => thrown);
      expect(error, sql).toMatchObject({ code: '42501' });
    };
    try {
      await client.query(entry);
      await client.query(seal);
      for (const sql of [...changes('audit_entry', 'outcome'), ...changes('audit_seal', 'head')])
        await denied(sql);
      // Where an entry stands is not for the application to say.
      await denied(entry.replace('(id, ', '(seq, id, ').replace('(gen_random', '(1, gen_random'));
      await denied(entry.replace('(id, ', '(written_in, id, ').replace('(gen_random', '(1, gen_random'));
      await denied(`SELECT setval('audit_entry_seq_seq', 1)`);
      const { rows } = await client.query('SELECT count(*)::int AS n FROM audit_entry, audit_seal');
      expect(rows).toEqual([{ n: 1 }]);
    } finally {
      await client.end();
    }
  },
);
