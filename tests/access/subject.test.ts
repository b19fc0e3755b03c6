import { waitFor } from '@midas/kit/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etag, openCase } from '../setup/cases.ts';
import { dashAnswers, syntheticPerson } from '../setup/people.ts';
import { type Platform, services, testPlatform } from '../setup/platform.ts';
import { ok, rest } from '../setup/rest.ts';
import { countOf, rowsOf } from '../setup/rows.ts';

let platform: Platform;
const victim = syntheticPerson();
const perpetrator = syntheticPerson({ gender: 'GENDER_MALE' });
const typed = 'She said that the neighbour saw it';
const minutes = 'What the meeting said of both';
let caseId: string;
let maracId: string;

const as = (userName: string) => rest(platform.gatewayUrl, userName);
const governance = () => as('information-governance@council');
const named = ({ nhs_number }: { readonly nhs_number?: unknown }) => ({ person: { nhs_number } });

async function request(person: object, reference = 'sar-2026-1'): Promise<string> {
  const opened = ok(await governance().post('/v1/subject-requests', { ...named(person), reference }));
  return opened.subject_request_id;
}
const at = (id: string, part = ''): string => `/v1/subject-requests/${id}${part}`;
const copyOf = async (id: string) => ok(await governance().get(at(id, '/export')));
const decide = async (id: string, decisions: readonly object[]) =>
  ok(await governance().post(at(id, ':decide'), { decisions }, await etag(governance(), at(id))));

beforeAll(async () => {
  platform = await testPlatform();
  ({ caseId } = await openCase(platform.gatewayUrl, victim, {
    alleged_perpetrators: [perpetrator],
    reason: typed,
  }));
  const worker = as('case-worker@provider');
  ok(
    await worker.post(`/v1/cases/${caseId}/contacts`, {
      channel: 'CONTACT_CHANNEL_PHONE',
      safe: true,
      note: typed,
    }),
  );
  ok(await worker.post('/v1/assessments', { person: victim, risk_answers: dashAnswers(15) }));
  const coordinator = as('marac-coordinator@council');
  ({ marac_referral_id: maracId } = ok(
    await as('marac-representative@police').post('/v1/marac-referrals', {
      victim,
      perpetrators: [perpetrator],
      incident: { occurred_at: '2026-01-05T21:30:00Z', criminal: true },
      criteria: ['MARAC_CRITERION_SCORE'],
    }),
  ));
  const marac = `/v1/marac-referrals/${maracId}`;
  // Who it is about is found out afterwards, and changes the record.
  await waitFor(
    async () =>
      (await coordinator.post(`${marac}:hear`, { minutes }, await etag(coordinator, marac))).status === 200,
    { what: 'the MARAC referral to be heard' },
  );
});
afterAll(() => platform[Symbol.asyncDispose]());

describe('the copy for a data subject', () => {
  it('holds what every service keeps on the person, with others redacted and typed words held back', async () => {
    const id = await request(victim);
    const kinds = await waitFor(
      async () => {
        const copy = await copyOf(id);
        const found = new Set<string>(copy.records.map(({ kind }: { kind: string }) => kind));
        return found.has('assessment') && found.has('marac-referral') ? found : undefined;
      },
      { what: 'the persons of the records to be known' },
    );
    expect([...kinds].sort()).toEqual(
      ['assessment', 'case', 'contact', 'marac-referral', 'particulars', 'referral'].sort(),
    );
    const text = JSON.stringify(await copyOf(id));
    expect(text).toContain(victim.family_name);
    expect(text).toContain(victim.address.postcode);
    for (const secret of [perpetrator.family_name, perpetrator.nhs_number, typed, minutes])
      expect(text).not.toContain(secret);
  });

  it('holds the typed words that a person read and released, and no other', async () => {
    const id = await request(victim);
    const review = ok(await governance().get(at(id, '/review')));
    const items: readonly { item: string; value: string }[] = review.items;
    const note = items.find(({ item, value }) => item.startsWith('contact/') && value === typed);
    const talked = items.find(({ value }) => value === minutes);
    await decide(id, [
      { item: note?.item, release: true },
      { item: talked?.item, release: false },
    ]);
    const text = JSON.stringify(await copyOf(id));
    expect(text).toContain(typed);
    expect(text).not.toContain(minutes);
  });

  it('of an alleged perpetrator reads as that of one of whom nothing is held, until it was reviewed', async () => {
    const stranger = await request(syntheticPerson());
    const id = await request(perpetrator);
    const same = ({ subject_request_id, made_at, ...copy }: Record<string, unknown>) => copy;
    expect(same(await copyOf(id))).toEqual(same(await copyOf(stranger)));

    const review = ok(await governance().get(at(id, '/review')));
    expect(JSON.stringify(review)).not.toContain(victim.family_name);
    const marac = review.items.find(({ item }: { item: string }) => item.includes(maracId));
    expect(marac.value).toContain(perpetrator.family_name);
    await decide(id, [{ item: marac.item, release: true }]);
    const copy = JSON.stringify(await copyOf(id));
    expect(copy).toContain(perpetrator.family_name);
    expect(copy).not.toContain(victim.family_name);
  });

  it('is made by information governance of the organisation that opened the request, by nobody else', async () => {
    const id = await request(victim);
    const colleague = await as('information-governance@provider').get(at(id, '/export'));
    const unknown = await governance().get(at(crypto.randomUUID(), '/export'));
    expect([colleague.status, unknown.status]).toEqual([404, 404]);
    for (const userName of ['service-manager@provider', 'case-worker@provider', 'platform-operator@provider'])
      expect((await as(userName).get(at(id, '/export'))).status).toBe(403);
  });
});

it('tells information governance who looked at a person, in every service, refusals included', async () => {
  const stranger = as('case-worker-2@provider');
  expect((await stranger.get(`/v1/cases/${caseId}/contacts`)).status).toBe(404);
  const id = await request(victim);
  const found = ok(await governance().get(at(id, '/accesses?page_size=200'))).accesses;
  const seen = found.map(
    ({ rpc, user_name, decision }: Record<string, string>) => `${rpc} ${user_name} ${decision}`,
  );
  expect(seen).toContain('/midas.risk.v1.RiskService/HearMaracReferral marac-coordinator@council allow');
  expect(seen).toContain('/midas.case.v1.CaseService/AllocateCase service-manager@provider allow');
  expect(seen).toContain('/midas.case.v1.CaseService/LogContact case-worker@provider allow');
  expect(seen).toContain('/midas.case.v1.CaseService/ListContacts case-worker-2@provider deny');
  const times = found.map(({ at: when }: { at: string }) => when);
  expect(times).toEqual(times.toSorted().reverse());
  const idsOf = (accesses: readonly { readonly audit_id: string }[]) =>
    accesses.map(({ audit_id: auditId }) => auditId);
  const paged: string[] = [];
  for (let token = ''; ; ) {
    const page = ok(await governance().get(at(id, `/accesses?page_size=9&page_token=${token}`)));
    paged.push(...idsOf(page.accesses));
    token = page.next_page_token ?? '';
    if (token === '') break;
  }
  // The pages begin with the asking itself, and then leave nothing out.
  const begins = paged.indexOf(idsOf(found)[0] ?? '');
  expect(paged.slice(begins, begins + found.length)).toEqual(idsOf(found));
});

describe('erasure', () => {
  const report = async () => ok(await as('commissioner@council').get('/v1/reports/commissioners')).measures;

  it('waits for a legal hold to be lifted and for the case to be closed', async () => {
    const id = await request(victim, 'erasure-2026-1');
    const reason = 'The subject asked for it, and no rule keeps it.';
    const erase = async () =>
      governance().post(at(id, ':erase'), { reason }, await etag(governance(), at(id)));
    const hold = ok(
      await governance().post(at(id, '/legal-holds'), { reason: 'A domestic homicide review has begun.' }),
    );
    expect((await erase()).body).toMatchObject({ status: 409, type: expect.stringContaining('legal-hold') });
    const lift = `/v1/legal-holds/${hold.legal_hold_id}`;
    ok(await governance().post(`${lift}:lift`, {}, await etag(governance(), lift)));
    expect((await erase()).body).toMatchObject({ status: 409, type: expect.stringContaining('case-open') });
  });

  it('empties what every service keeps, leaves the figures and the audit trail, and spares the others', async () => {
    const manager = as('service-manager@provider');
    const path = `/v1/cases/${caseId}`;
    ok(
      await manager.post(
        `${path}:close`,
        { reason: 'CLOSURE_REASON_NEEDS_MET', note: typed },
        await etag(manager, path),
      ),
    );
    const before = await report();
    const audited = await auditCounts();
    const id = await request(victim, 'erasure-2026-2');
    ok(
      await governance().post(
        at(id, ':erase'),
        { reason: 'The subject asked for it, and no rule keeps it.' },
        await etag(governance(), at(id)),
      ),
    );
    await waitFor(async () => ok(await governance().get(at(id))).erased_at, { what: 'the erasure' });

    expect((await copyOf(await request(victim))).records ?? []).toEqual([]);
    expect((await copyOf(id)).records.map(({ kind }: { kind: string }) => kind)).toEqual(['case', 'contact']);
    expect(JSON.stringify(await copyOf(id))).not.toContain(victim.family_name);
    expect(await report()).toEqual(before);
    const after = await auditCounts();
    for (const service of services) expect(after[service]).toBeGreaterThanOrEqual(audited[service] ?? 0);
    const review = ok(await governance().get(at(await request(perpetrator), '/review')));
    expect(JSON.stringify(review)).toContain(perpetrator.family_name);
  });
});

async function auditCounts(): Promise<Readonly<Record<string, number>>> {
  const counts = services.map(async (name) => {
    return [name, await countOf(platform, name, 'SELECT count(*) AS n FROM audit_entry')] as const;
  });
  return Object.fromEntries(await Promise.all(counts));
}

describe('retention', () => {
  const due = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for (let token = ''; ; ) {
      const page = ok(await governance().get(`/v1/retention-due?page_size=3&page_token=${token}`));
      found.push(...(page.due ?? []).map(({ person_id }: { person_id: string }) => person_id));
      token = page.next_page_token ?? '';
      if (token === '') return found;
    }
  };
  const age = (personId: string) =>
    rowsOf(
      platform,
      'case',
      `UPDATE person SET recorded_at = now() - interval '7 years 1 day' WHERE id = '${personId}'`,
    );
  // A block records somebody of whom nothing else is known.
  const recorded = async (): Promise<string> => {
    const person = { nhs_number: syntheticPerson().nhs_number };
    const block = { user_name: 'nobody@elsewhere', person, reason: 'A reason for the block' };
    const made = ok(await governance().post('/v1/conflict-blocks', block));
    const [row] = await rowsOf(
      platform,
      'case',
      `SELECT person_id::text AS id FROM conflict_block WHERE id = '${made.conflict_block_id}'`,
    );
    return String(row?.id);
  };

  it('names in a dry run who would be erased, changes nothing, and a run erases just those', async () => {
    const [old, young] = [await recorded(), await recorded()];
    await age(old);
    expect(await due()).toEqual([old]);
    expect(await due()).toEqual([old]);

    const { retention_run_id: run } = ok(await governance().post('/v1/retention-runs', {}));
    const finished = await waitFor(
      async () => {
        const state = ok(await governance().get(`/v1/retention-runs/${run}`));
        return state.finished_at === undefined ? undefined : state;
      },
      { what: 'the retention run to finish', timeoutMs: 30_000 },
    );
    expect(finished).toMatchObject({ erased_count: 1 });
    expect(finished.examined_count).toBeGreaterThanOrEqual(2);
    expect(await due()).toEqual([]);
    const left = await rowsOf(
      platform,
      'case',
      `SELECT id::text AS id FROM person WHERE erased_at IS NULL AND id IN ('${old}', '${young}')`,
    );
    expect(left).toEqual([{ id: young }]);
  });
});
