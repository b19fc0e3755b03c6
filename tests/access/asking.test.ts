import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MethodContract, methodsOf, serviceNames } from '@midas/kit';
import { type OtlpReceiver, otlpReceiver, suiteVariable, testToken } from '@midas/kit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anyBody } from '../setup/any-body.ts';
import { syntheticPerson } from '../setup/people.ts';
import { type Platform, testPlatform } from '../setup/platform.ts';
import { printedArguments } from '../setup/processes.ts';
import { type ExistingRecord, existingRecords, incidentOf, shareGrant } from '../setup/records.ts';
import { ask, ok, rest } from '../setup/rest.ts';
import { settled } from '../setup/rows.ts';

/* What can be learned by asking for what one may not read: nothing (access.md, first line). */

let platform: Platform;
let receiver: OtlpReceiver;
let records: Readonly<Record<string, ExistingRecord>>;
beforeAll(async () => {
  receiver = await otlpReceiver();
  platform = await testPlatform({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
  records = await existingRecords(as);
  await settled(platform);
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const as = (userName: string) => rest(platform.gatewayUrl, userName);

type Asked = MethodContract & { readonly http: NonNullable<MethodContract['http']> };
const rpcs = serviceNames()
  .filter((name) => name.startsWith('midas.'))
  .flatMap(methodsOf)
  .filter((method): method is Asked => method.http !== undefined);
const byId = rpcs.filter(({ http }) => http.params.length > 0);
const bodies: Readonly<Record<string, object>> = {
  GrantShare: shareGrant,
  DecideSubjectItems: { decisions: [{ item: 'case/1', release: true }] },
  AllocateCase: { worker: 'case-worker-2@provider', team: 'outreach' },
  RecordGroupSession: { held_at: '2017-09-01T10:00:00Z', attended_member_ids: [] },
};

// RPCs that were refused as not found.
const reached = new Set<string>();

/** One caller of every role, and of another organisation or team where that makes a difference. */
async function callers(): Promise<readonly string[]> {
  const file = join(import.meta.dirname, '../../infra/keycloak/demo-users.json');
  const { users }: { users: { username: string; role: string }[] } = JSON.parse(await readFile(file, 'utf8'));
  const others = [
    'referrer@victim-support',
    'marac-representative@housing',
    'case-worker-2@provider',
    'health-navigator@provider',
  ];
  const firsts = new Map(users.toReversed().map(({ username, role }) => [role, username]));
  return [...new Set([...firsts.values(), ...others])];
}

/** Everything of an answer by which one could be told from another: without the trace, the time and what is left. */
function told(answer: Awaited<ReturnType<typeof ask>>) {
  const { status, headers, text } = answer;
  const varies = /^(date|x-request-id|ratelimit-(remaining|reset))$/;
  return {
    status,
    headers: [...headers].map(([name, value]) => (varies.test(name) ? name : `${name}: ${value}`)).sort(),
    body: text.replaceAll(/urn:midas:trace:[0-9a-f]{32}/g, 'trace'),
  };
}

async function call(
  { http, input, name, changing }: Asked,
  ids: Readonly<Record<string, string>>,
  caller: string,
) {
  const path = http.path.replace(/\{([a-z_]+)\}/g, (_match, variable) => ids[variable] ?? '');
  const body = http.body === '' ? undefined : JSON.stringify(bodies[name] ?? anyBody(input, http.params));
  return ask(`${platform.gatewayUrl}${path}`, {
    method: http.verb,
    ...(body === undefined ? {} : { body }),
    headers: {
      authorization: `Bearer ${await testToken(caller)}`,
      ...(changing ? { 'idempotency-key': crypto.randomUUID(), 'if-match': '"a-version-of-nothing"' } : {}),
    },
  });
}

const existing = ({ http }: Asked) =>
  Object.fromEntries(http.params.map((name) => [name, records[name]?.id ?? '']));
const unknown = ({ http }: Asked) =>
  Object.fromEntries(http.params.map((name) => [name, crypto.randomUUID()]));

/** Whether a caller may read the record that an RPC is asked about, and so may know that it exists. */
async function mayKnow(rpc: Asked, caller: string): Promise<boolean> {
  const [variable = ''] = rpc.http.params;
  if (records[variable]?.maker === caller) return true;
  const reads = byId.filter(({ http }) => http.verb === 'GET' && http.path.endsWith(`/{${variable}}`));
  const answers = await Promise.all(reads.map((read) => call(read, existing(read), caller)));
  return answers.some(({ status }) => status === 200);
}

describe('a record that exists and may not be read answers like one that does not exist', () => {
  test('there is one to ask for, of every kind that a path names', () => {
    const kinds = new Set(byId.flatMap(({ http }) => http.params));
    const missing = [...kinds].filter((name) => records[name] === undefined);
    expect(missing, 'make one in tests/setup/records.ts').toEqual([]);
  });

  test.each(byId.map((rpc) => [`${rpc.http.verb} ${rpc.http.path}`, rpc] as const))(
    '%s',
    async (_name, rpc) => {
      const seen: number[] = [];
      for (const caller of await callers()) {
        if (await mayKnow(rpc, caller)) continue;
        const nothing = await call(rpc, unknown(rpc), caller);
        expect(nothing.text, 'the service was asked; if not, give a body in this file').not.toContain(
          'invalid-request',
        );
        const something = await call(rpc, existing(rpc), caller);
        expect({ caller, ...told(something) }).toEqual({ caller, ...told(nothing) });
        expect([403, 404]).toContain(nothing.status);
        seen.push(nothing.status);
      }
      expect(seen.length).toBeGreaterThan(10);
      if (seen.includes(404)) reached.add(rpc.name);
    },
  );

  test('and many were asked by somebody who may use the RPC, so that the record itself was looked for', () => {
    // The others are for roles that may read every record there is, or that a single demo user has.
    expect(reached.size).toBeGreaterThan(byId.length / 3);
  });

  test.each(
    rpcs.flatMap((rpc) =>
      rpc.http.verb !== 'GET'
        ? []
        : rpc.input.fields
            .filter(({ name }) => name.endsWith('_id') && !rpc.http.params.includes(name))
            .map((field) => [`${rpc.http.path}?${field.name}=`, rpc, field.name] as const),
    ),
  )('as the filter %s', async (_name, rpc, field) => {
    const known = records[field]?.id;
    if (known === undefined)
      return expect(records, 'make one in tests/setup/records.ts').toHaveProperty(field);
    for (const caller of await callers()) {
      const get = async (id: string) => {
        const ids = existing(rpc);
        const path = rpc.http.path.replace(/\{([a-z_]+)\}/g, (_match, variable) => ids[variable] ?? '');
        const authorization = `Bearer ${await testToken(caller)}`;
        return ask(`${platform.gatewayUrl}${path}?${field}=${id}`, {
          method: 'GET',
          headers: { authorization },
        });
      };
      const something = await get(known);
      // Whoever gets the record may know of it.
      if (something.text.includes(known)) continue;
      expect({ caller, ...told(something) }).toEqual({ caller, ...told(await get(crypto.randomUUID())) });
    }
  });
});

describe('a list', () => {
  const submit = (userName: string) =>
    as(userName).post('/v1/incidents', incidentOf(syntheticPerson())).then(ok);
  const page = (userName: string, query: string) => as(userName).get(`/v1/incidents?${query}`);

  test('leaves no gap where records of others stand between its own', async () => {
    for (const who of ['referrer@housing', 'referrer@acute', 'referrer@housing', 'referrer@acute'])
      await submit(who);
    const seen: string[] = [];
    for (let token = ''; ; ) {
      const answer = ok(await page('referrer@housing', `page_size=1&page_token=${token}`));
      expect(answer.incidents).toHaveLength(1);
      seen.push(answer.incidents[0].organisation);
      token = answer.next_page_token ?? '';
      if (token === '') break;
    }
    expect(seen).toEqual(['housing', 'housing']);
  });

  test('refuses alike every page token that it did not give this caller for this question', async () => {
    for (const who of ['referrer@acute', 'referrer@acute', 'referrer@education', 'referrer@education'])
      await submit(who);
    const own: string = ok(await page('referrer@education', 'page_size=1')).next_page_token;
    const foreign: string = ok(await page('referrer@acute', 'page_size=1')).next_page_token;
    const ofReferrals = async () => {
      for (let count = 0; count < 2; count += 1)
        ok(
          await as('referrer@education').post('/v1/referrals', {
            kind: 'REFERRAL_KIND_EDUCATION',
            support: 'SUPPORT_KIND_ADVICE',
            person: syntheticPerson(),
          }),
        );
      return String(ok(await as('referrer@education').get('/v1/referrals?page_size=1')).next_page_token);
    };
    const changed = own.slice(0, -2) + (own.endsWith('AA') ? 'BB' : 'AA');
    const tokens = [
      foreign,
      await ofReferrals(),
      changed,
      own.slice(0, 20),
      'x',
      Buffer.alloc(40).toString('base64url'),
    ];
    const headers = { authorization: `Bearer ${await testToken('referrer@education')}` };
    const answers = await Promise.all(
      tokens.map((token) =>
        ask(`${platform.gatewayUrl}/v1/incidents?page_size=1&page_token=${token}`, {
          method: 'GET',
          headers,
        }),
      ),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(told(answer)).toEqual(told(answers[0] ?? answer));
    }
    expect((await page('referrer@education', `page_size=1&page_token=${own}`)).status).toBe(200);
  });
});

describe('what stands beside an answer', () => {
  test('an ETag is of the record as this caller sees it, and no other caller gains by it', async () => {
    const path = `/v1/referrals/${records.referral_id?.id}`;
    const views = await Promise.all(
      ['referrer@police', 'intake-worker@provider'].map((who) => as(who).get(path)),
    );
    const tags = views.map(({ headers }) => headers.get('etag') ?? '');
    for (const tag of tags) expect(tag).toMatch(/^"[\w-]+"$/);
    expect(new Set(tags).size).toBe(2);
    const [sender = '', intake = ''] = tags;
    const again = await ask(`${platform.gatewayUrl}${path}`, {
      method: 'GET',
      headers: {
        authorization: `Bearer ${await testToken('intake-worker@provider')}`,
        'if-none-match': sender,
      },
    });
    expect(again.status).toBe(200);
    expect(
      (await as('intake-worker@provider').post(`${path}:accept`, {}, { 'if-match': sender })).status,
    ).toBe(412);
    // One who may not read it learns nothing from a right ETag.
    const stranger = { authorization: `Bearer ${await testToken('referrer@acute')}` };
    const guesses = await Promise.all(
      [intake, '"none"', '*'].map((tag) =>
        ask(`${platform.gatewayUrl}${path}`, {
          method: 'GET',
          headers: { ...stranger, 'if-none-match': tag },
        }),
      ),
    );
    for (const guess of guesses)
      expect([guess.status, told(guess)]).toEqual([404, told(guesses[0] ?? guess)]);
  });

  test('an idempotency key of another caller is as good as new, whatever it was used for', async () => {
    const key = { 'idempotency-key': crypto.randomUUID() };
    const body = incidentOf(syntheticPerson());
    const first = ok(await as('referrer@police').post('/v1/incidents', body, key));
    const same = ok(await as('referrer@victim-support').post('/v1/incidents', body, key));
    expect(same.incident_id).not.toBe(first.incident_id);
    expect(same.organisation).toBe('victim-support');
    const other = incidentOf(syntheticPerson());
    expect((await as('referrer@acute').post('/v1/incidents', other, key)).status).toBe(201);
    // The first caller still gets its own.
    expect(ok(await as('referrer@police').post('/v1/incidents', body, key)).incident_id).toBe(
      first.incident_id,
    );
  });
});

describe('what is written down of a question', () => {
  const planted = 'Quetzalcoatlus';
  const id = crypto.randomUUID();

  test('holds neither what stood in the query nor the id, in metrics, traces and logs', async () => {
    const user = as('referrer@police');
    expect((await user.get(`/v1/referrals/${id}`)).status).toBe(404);
    expect((await user.get(`/v1/referrals/${id}?name=${planted}`)).status).toBe(400);
    expect((await user.get(`/v1/incidents?page_token=${planted}`)).status).toBe(400);
    expect((await user.get(`/v1/${planted}/${id}`)).status).toBe(404);
    expect((await user.get('/v1/referrals', { 'x-purpose': planted, baggage: `a=${planted}` })).status).toBe(
      400,
    );
    await settled(platform);
    for (const { name, adminUrl, log } of Object.values(platform.processes)) {
      const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
      expect(metrics, name).toContain('midas_');
      expect(metrics.includes(id) || metrics.includes(planted), `metrics of ${name}`).toBe(false);
      expect(log().includes(planted) || log().includes(`/${id}`), `log of ${name}`).toBe(false);
    }
    const traces = Buffer.concat(receiver.bodies).toString('latin1');
    expect(traces).toContain('GET /v1/referrals/{referral_id}');
    expect(traces).not.toContain(planted);
    expect(traces).not.toContain(id);
  });

  test('in a metric is no label but of these names, whose values are few', async () => {
    const allowed = ['route', 'method', 'status', 'rpc', 'code', 'subject', 'le', 'quantile'];
    for (const { name, adminUrl } of Object.values(platform.processes)) {
      const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
      const labels = new Map<string, Set<string>>();
      for (const [, label = '', value = ''] of metrics.matchAll(/[{,]([a-z_]+)="([^"]*)"/g))
        labels.set(label, (labels.get(label) ?? new Set()).add(value));
      const unknown = [...labels.keys()].filter(
        (label) => !allowed.includes(label) && (labels.get(label)?.size ?? 0) > 12,
      );
      expect(unknown, name).toEqual([]);
    }
  });
});

test('no secret stands in the arguments of a process', async () => {
  const printed = await printedArguments();
  for (const program of ['services/referral/src/main.ts', 'nats-server', 'QuarkusEntryPoint', 'postgres'])
    expect(printed).toContain(program);
  const clients: Record<string, string> = JSON.parse(
    await readFile(suiteVariable('MIDAS_TEST_SECRETS_FILE'), 'utf8'),
  );
  const addresses = [
    suiteVariable('MIDAS_TEST_DATABASE_URL'),
    platform.nats.url,
    ...Object.values(platform.databases).flatMap(({ url, adminUrl }) => [url, adminUrl]),
  ];
  const secrets = [
    ...Object.values(clients),
    ...addresses.map((address) => decodeURIComponent(new URL(address).password)),
    suiteVariable('MIDAS_TEST_APP_PASSWORD'),
    await testToken('referrer@police'),
  ].filter((secret) => secret !== '');
  expect(secrets.length).toBeGreaterThan(10);
  expect(secrets.filter((secret) => printed.includes(secret)).length).toBe(0);
});
