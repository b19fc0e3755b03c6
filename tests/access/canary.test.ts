import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type OtlpReceiver, otlpReceiver, waitFor } from '@midas/kit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canariesIn, canariesOf, everyRpc, markedTexts, merged, withCanaries } from '../setup/canaries.ts';
import { dashAnswers } from '../setup/people.ts';
import { type Platform, type ProcessName, services, testPlatform } from '../setup/platform.ts';
import { type Answer, ok, rest } from '../setup/rest.ts';
import { rowsOf, settled } from '../setup/rows.ts';

/*
 * Values that stand nowhere else are sent in every marked text field of every request of the contract, and looked for in
 * everything that stays of it: tables, stream, logs, traces, metrics.
 */

let platform: Platform;
let receiver: OtlpReceiver;
const metrics = new Map<ProcessName, string>();
const planted = new Map<string, string>();
const canaries = new Set<string>();
const reference = `plain-${crypto.randomUUID()}`;

beforeAll(async () => {
  receiver = await otlpReceiver();
  platform = await testPlatform({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, LOG_LEVEL: 'debug' });
  await live();
  await settled(platform, 60_000);
  for (const [name, { adminUrl }] of Object.entries(platform.processes))
    metrics.set(name as ProcessName, await (await fetch(`${adminUrl}/metrics`)).text());
  // What they still hold back, they send and write before they end.
  await Promise.all(Object.values(platform.processes).map((process) => process.stop()));
  await platform.nats.stop();
}, 300_000);
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
});

const as = (userName: string) => rest(platform.gatewayUrl, userName);
const rpcs = new Map(everyRpc().map((rpc) => [rpc.name, rpc]));

/**
 * Calls an RPC with a canary in every marked field. `more` is the rest of the request, and whatever must not be a
 * canary. Afterwards it is sent once more with a field that nobody knows, which must be refused and leave as little.
 */
async function send(
  name: string,
  userName: string,
  more: Readonly<Record<string, unknown>>,
  {
    params = {},
    headers = {},
  }: { params?: Readonly<Record<string, string>>; headers?: Record<string, string> } = {},
): Promise<Answer['body']> {
  const rpc = rpcs.get(name);
  if (rpc?.http === undefined) throw new Error(`the contract has no ${name} with a path`);
  const body = merged(withCanaries(rpc.input), more);
  for (const [path, canary] of canariesOf(rpc.input, body)) {
    planted.set(`${name} ${path}`, canary);
    canaries.add(canary);
  }
  const path = rpc.http.path.replace(/\{([a-z_]+)\}/g, (_, param: string) => params[param] ?? '');
  const conditional = rpc.updating ? { 'if-match': '*' } : {};
  const user = as(userName);
  const wrong = await user.post(path, { ...Object(body), unheard_of: 'x' }, { ...conditional, ...headers });
  expect(wrong.status, `${name} with an unknown field`).toBe(400);
  return ok(await user.post(path, body, { ...conditional, ...headers }));
}

const riskAnswers = { ...dashAnswers(3), judgement: { raise_to: 'RISK_LEVEL_HIGH' } };

async function live(): Promise<void> {
  const incident = await send('ReportIncident', 'referrer@victim-support', {
    source_system: 'canary',
    source_reference: reference,
    occurred_at: '2017-06-01T21:30:00Z',
    kind: 'INCIDENT_KIND_CRIME',
    risk_answers: riskAnswers,
  });
  await send('RecordAssessment', 'case-worker@provider', { risk_answers: riskAnswers });
  const marac = await send('ReferToMarac', 'marac-representative@police', {
    incident: { occurred_at: '2017-06-01T21:30:00Z', criminal: true },
    criteria: ['MARAC_CRITERION_SCORE'],
  });
  await send('HearMaracReferral', 'marac-coordinator@council', {}, { params: marac });
  const caseId = await openCase();
  await workOn(caseId);
  await run();
  await govern();
  await read({ ...incident, ...marac, case_id: caseId });
}

const referral = { kind: 'REFERRAL_KIND_POLICE', support: 'SUPPORT_KIND_IDVA', consent_given: true };

async function openCase(): Promise<string> {
  const refused = await send('SubmitReferral', 'referrer@police', referral);
  const reason = 'REJECTION_REASON_OTHER';
  await send('RejectReferral', 'intake-worker@provider', { reason }, { params: refused });
  const submitted = await send('SubmitReferral', 'referrer@police', referral);
  await send('AcceptReferral', 'intake-worker@provider', {}, { params: submitted });
  const manager = as('service-manager@provider');
  const found = async () =>
    ok(await manager.get(`/v1/cases?referral_id=${submitted.referral_id}`)).cases?.[0]?.case_id as string;
  return waitFor(found, { what: 'the case', timeoutMs: 30_000 });
}

async function workOn(caseId: string): Promise<void> {
  const params = { case_id: caseId };
  const worker = 'case-worker@provider';
  await send('AllocateCase', 'service-manager@provider', { worker, team: 'idva' }, { params });
  const channel = 'CONTACT_CHANNEL_PHONE';
  await send(
    'LogContact',
    worker,
    { channel, safe: true, two_way: true, support_accepted: true },
    { params },
  );

  const share = {
    purpose: 'direct-care',
    scope: 'SHARE_SCOPE_HEALTH',
    lawful_basis: 'LAWFUL_BASIS_SAFEGUARDING',
  };
  const grant = await send('GrantShare', worker, { ...share, organisation: 'ccg' }, { params });
  const navigator = 'health-navigator@ccg';
  const headers = { 'x-purpose': 'direct-care' };
  const plan = await send('OpenHealthPlan', navigator, { case_id: caseId }, { headers });
  const need = await send(
    'RecordHealthNeed',
    navigator,
    { kind: 'HEALTH_NEED_KIND_DENTAL' },
    { params: plan },
  );
  const { health_need_id } = need;
  const made = await send('MakeHealthReferral', navigator, { health_need_id }, { params: plan, headers });
  await send('RecordHealthAttendance', navigator, {}, { params: made, headers });

  const facilitator = 'group-facilitator@provider';
  const starts = { programme: 'GROUP_PROGRAMME_FREEDOM', name: 'Autumn', starts_at: '2017-09-01T10:00:00Z' };
  const group = await send('CreateGroup', facilitator, starts);
  const member = await send('JoinGroup', worker, { case_id: caseId }, { params: group });
  const session = { held_at: '2017-09-01T10:00:00Z', attended_member_ids: [member.member_id] };
  await send('RecordGroupSession', facilitator, session, { params: group });

  await send('WithdrawConsent', worker, {}, { params });
  await send('DecideShareGrant', worker, { keep: true }, { params: grant });
  await send('EndShareGrant', worker, {}, { params: grant });
  await send('CloseCase', 'service-manager@provider', { reason: 'CLOSURE_REASON_NEEDS_MET' }, { params });
}

/** The programme, behind the wall. */
async function run(): Promise<void> {
  const facilitator = 'programme-facilitator@provider';
  const route = 'PROGRAMME_REFERRAL_ROUTE_POLICE';
  const occurred_at = '2017-08-01T09:00:00Z';
  const enrolled = await send('EnrolParticipant', facilitator, { route, occurred_at });
  await send('SearchParticipants', facilitator, {});
  const held_at = '2017-09-01T18:00:00Z';
  await send('RecordProgrammeSession', facilitator, { held_at, attended: true }, { params: enrolled });
  await send('RaiseRiskSignal', facilitator, { kind: 'RISK_SIGNAL_KIND_THREAT' }, { params: enrolled });
  await send('PlaceHold', 'programme-manager@provider', {}, { params: enrolled });
  await send('LiftHold', 'programme-manager@provider', {}, { params: enrolled });
}

/** Information governance, about people whom nobody knows: it answers alike. */
async function govern(): Promise<void> {
  const governance = 'information-governance@provider';
  const opened = await send('OpenBreakGlass', 'case-worker@provider', {});
  await send(
    'ReviewBreakGlass',
    governance,
    { finding: 'BREAK_GLASS_FINDING_JUSTIFIED' },
    { params: opened },
  );
  const block = await send('BlockUser', governance, { user_name: 'volunteer@provider' });
  await send('EndConflictBlock', governance, {}, { params: block });
  const request = await send('OpenSubjectRequest', governance, { reference: 'sar-2026-014' });
  const hold = await send('PlaceLegalHold', governance, {}, { params: request });
  await send('LiftLegalHold', governance, {}, { params: hold });
  await send('EraseSubject', governance, {}, { params: request });
}

/** Reading leaves traces too: audit entries, spans, logs. */
async function read(ids: Readonly<Record<string, string>>): Promise<void> {
  const readers = {
    'service-manager@provider': [
      `/v1/cases/${ids.case_id}`,
      '/v1/cases',
      `/v1/cases/${ids.case_id}/contacts`,
    ],
    'referrer@victim-support': [`/v1/incidents/${ids.incident_id}`, '/v1/incidents'],
    'marac-coordinator@council': [`/v1/marac-referrals/${ids.marac_referral_id}`, '/v1/marac-referrals'],
    'intake-worker@provider': ['/v1/referrals', '/v1/assessments'],
    'programme-facilitator@provider': ['/v1/programme/participants'],
    'health-navigator@ccg': ['/v1/health-plans'],
  };
  for (const [user, paths] of Object.entries(readers)) for (const path of paths) await as(user).get(path);
  // A text in a query, where nobody asked for one.
  const [canary = ''] = canaries;
  await as('intake-worker@provider').get(`/v1/referrals?page_token=${encodeURIComponent(canary)}`);
  await as('intake-worker@provider').get(`/v1/referrals/${encodeURIComponent(canary)}`);
}

const found = (text: string | Uint8Array): readonly string[] =>
  canariesIn(typeof text === 'string' ? Buffer.from(text) : text, [...canaries]);

describe('a canary is planted', () => {
  const fields = everyRpc().flatMap((rpc) => markedTexts(rpc.input).map((text) => ({ rpc, text })));
  const open = fields.filter(({ rpc }) => rpc.http !== undefined);

  test('in every marked text field that can be sent through the gateway', () => {
    expect(open.length).toBeGreaterThan(80);
    const missing = open
      .map(({ rpc, text }) => `${rpc.name} ${text.path}`)
      .filter((one) => !planted.has(one));
    expect(missing).toEqual([]);
  });

  test('in what services tell each other, by way of what they were sent', () => {
    const declared = new Set(open.map(({ text }) => text.declared));
    const other = fields.filter(({ rpc, text }) => rpc.http === undefined && !declared.has(text.declared));
    expect(other.map(({ rpc, text }) => `${rpc.name} ${text.path}`)).toEqual([]);
  });

  test('that is found where it stands, however it is written', () => {
    for (const canary of canaries) {
      const hidden = Buffer.from(canary);
      for (const form of ['latin1', 'base64', 'hex'] as const)
        for (const before of ['', 'a', 'ab']) {
          const text = Buffer.from(Buffer.concat([Buffer.from(before), hidden]).toString(form));
          expect(found(text), `${canary} as ${form}`).toContain(canary);
        }
      expect(found(canary.toUpperCase())).toContain(canary);
    }
    expect(new Set(planted.values()).size).toBe(planted.size);
  });
});

describe('no canary is found', () => {
  test.each(services)('in any column of any table of %s', async (service) => {
    const tables = await rowsOf(
      platform,
      service,
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
    );
    let everything = '';
    for (const { name } of tables) {
      for (const row of await rowsOf(platform, service, `SELECT * FROM "${String(name)}"`))
        for (const value of Object.values(row)) {
          const bytes = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value) ?? '');
          everything += Buffer.from(bytes).toString('latin1');
          expect(found(bytes), `${service}.${String(name)}`).toEqual([]);
        }
    }
    expect(tables.length).toBeGreaterThan(5);
    // The search itself works: what must be there is found.
    expect(everything).toMatch(/\d{14}_start/);
    if (service === 'referral') expect(everything).toContain(reference);
  });

  test('in the files of the stream', async () => {
    const files = await readdir(platform.nats.store, { recursive: true, withFileTypes: true });
    const contents = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name))),
    );
    const everything = Buffer.concat(contents);
    expect(everything.includes('midas.referral.referral.submitted.v1')).toBe(true);
    expect(found(everything)).toEqual([]);
  });

  test.each<ProcessName>(['gateway', ...services])('in the log of %s, with everything it can say', (name) => {
    const log = platform.processes[name].log();
    expect(log).toContain('started');
    expect(found(log)).toEqual([]);
  });

  test('in the traces that were exported', () => {
    const everything = Buffer.concat(receiver.bodies);
    expect(everything.includes('midas.referral.v1.ReferralService/SubmitReferral')).toBe(true);
    expect(found(everything)).toEqual([]);
  });

  test.each<ProcessName>(['gateway', ...services])('in the metrics of %s', (name) => {
    const page = metrics.get(name) ?? '';
    expect(page).toContain('midas_process_memory_bytes');
    expect(found(page)).toEqual([]);
  });
});
