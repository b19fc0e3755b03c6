import { rulesFor } from '@midas/case/policy';
import { type Checked, checkCost } from '@midas/kit/testing';
import { Case, CaseStatus } from '@midas/proto/case/v1/case';
import pg from 'pg';

const person = {
  givenName: 'Ines',
  familyName: 'Imagined',
  birthDate: '1990-02-03',
  nhsNumber: '9434765919',
  phone: '+441634960000',
  address: { lines: ['1 Nowhere Street'], postcode: 'ME4 4UH' },
  safeContact: { note: 'after four' },
};

/** A case of the team, so that its notes and addresses are masked, as a case-worker reads it. */
const caseOfTheTeam: Checked<Case> = {
  role: 'case-worker',
  rulesFor: (caller) =>
    rulesFor({ ...caller, teams: ['idva'] }, { blockedPersonIds: ['p-9'], brokenGlass: [], shared: [] }),
  subject: 'Case',
  row: {
    id: 'c-1',
    personId: 'p-1',
    concerns: ['p-1'],
    organisation: 'org-1',
    worker: 'other',
    team: 'idva',
  },
  codec: Case,
  message: Case.fromPartial({
    caseId: '01890a5d-ac96-774b-bcce-b302099a8057',
    status: CaseStatus.OPEN,
    openedAt: new Date('2026-01-02T03:04:05Z'),
    person,
    allegedPerpetrators: [person],
    closureNote: 'words',
  }),
};

/** What tokens, rules and masks cost a call, against the same answer written out bare. */
export const costOfChecks = () => checkCost(caseOfTheTeam, 5_000);

const columns =
  'subject, user_name, client, via, organisation, roles, rpc, action, record_ids, purpose, decision, outcome, trace_id';
const copyOne = `INSERT INTO bench_audit (id, at, ${columns})
  SELECT gen_random_uuid(), now(), ${columns} FROM audit_entry LIMIT 1`;

/** Milliseconds of one audit row after another, each its own commit, on a copy of the table. */
export async function auditWrites(databaseUrl: string, turns: number): Promise<readonly number[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('CREATE TABLE bench_audit (LIKE audit_entry INCLUDING ALL)');
    const milliseconds: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const begun = performance.now();
      await client.query(copyOne);
      milliseconds.push(performance.now() - begun);
    }
    return milliseconds;
  } finally {
    await client.query('DROP TABLE IF EXISTS bench_audit');
    await client.end();
  }
}
