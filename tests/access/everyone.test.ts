import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromJson, toBinary } from '@bufbuild/protobuf';
import { fieldsOf, rpcOf } from '@midas/cli/access';
import { type MethodContract, methodsOf, registry, serviceNames } from '@midas/kit';
import { testServiceToken, testToken } from '@midas/kit/testing';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { grpcCode, grpcRaw } from '../setup/grpc-raw.ts';
import { type Platform, type ServiceName, services, testPlatform } from '../setup/platform.ts';
import { ask } from '../setup/rest.ts';
import { countOf } from '../setup/rows.ts';
import { callOf, type Ids, programmeSide, survivorSide } from './calls.ts';
import { expectedOf } from './expected.ts';
import { filled } from './filled.ts';
import { makeWorld, standings } from './world.ts';

/*
 * Every RPC as everybody, over the gateway and straight at the service's port, held against expected.csv. An update is sent
 * with a version that no record has: who may do it is told that it is stale, and nothing changes.
 */

let platform: Platform;
let world: Ids;
const denied: Partial<Record<ServiceName, number>> = {};
beforeAll(async () => {
  platform = await testPlatform();
  world = await makeWorld(platform);
  for (const name of services) denied[name] = await denials(name);
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const denials = (name: ServiceName): Promise<number> =>
  countOf(platform, name, "SELECT count(*) AS n FROM audit_entry WHERE decision = 'deny'");
const countDenial = (name: ServiceName): void => {
  denied[name] = (denied[name] ?? 0) + 1;
};

const demo = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../infra/keycloak/demo-users.json'), 'utf8'),
);
// The people of the demo and one partner's own system.
const machine = 'partner-police';
const all: readonly string[] = [...demo.users.map(({ username }: { username: string }) => username), machine];
const roleOf = (user: string): string =>
  user === machine ? 'partner-system' : user.replace(/(-\d)?@.*/, '');
const tokenOf = (user: string): Promise<string> =>
  user === machine ? testServiceToken(machine) : testToken(user);
// One of each role, and everybody who stands in a relationship to something.
const named = new Set(Object.values(standings).flatMap((users) => Object.keys(users)));
const users = all.filter(
  (user) => named.has(user) || all.find((each) => roleOf(each) === roleOf(user)) === user,
);

/** These leave something behind, and come last. */
const last = ['OpenBreakGlass', 'BlockUser', 'StartRetentionRun'];
const methods = [...survivorSide, ...programmeSide].toSorted(
  (one, other) => last.indexOf(one.name) - last.indexOf(other.name),
);

const noVersion = '"of-no-version"';

type Outcome = 'permitted' | 'hidden' | 'forbidden';
/** `refused`: the caller may know that the record is there, and either refusal will do. */
type Wanted = Outcome | 'refused' | 'empty';

const serviceOf = ({ path }: MethodContract): ServiceName => {
  const name = (path.split('.')[1] ?? '').replaceAll('_', '-');
  return services.find((each) => each === name) ?? 'case';
};

/** What a call by this user must come to, and the line of expected.csv that says so. */
function wanted(method: MethodContract, user: string) {
  const rpc = rpcOf(method);
  const role = roleOf(user);
  const { access, http, updating } = method;
  const subject = access.kind === 'permission' ? access.subject : '';
  const isNew = method.changing && !updating && http?.params.length === 0;
  const relationship = isNew ? 'any' : (standings[subject]?.[user] ?? 'none');
  const isReadable = mayRead(subject, role, relationship);
  const line = expectedOf({ rpc, role, relationship });
  const mayEver = relationshipsOf(rpc, role).length > 0;
  const isListOf = http?.verb === 'GET' && method.name.startsWith('List');
  const denied: Wanted = isListOf ? 'empty' : isReadable ? 'refused' : 'hidden';
  const outcome: Wanted = line?.decision === 'allow' ? 'permitted' : mayEver ? denied : 'forbidden';
  return { outcome, line };
}

const every = [
  'any',
  'none',
  'own',
  'recorded',
  'assigned',
  'team',
  'provider',
  'listed',
  'break-glass',
  'shared-summary',
  'shared-health',
  'shared-full',
];
/** Whether somebody who may not do what is asked may at least read the record, and so may know that it is there. */
const mayRead = (subject: string, role: string, relationship: string): boolean =>
  methods.some(
    (method) =>
      method.access.kind === 'permission' &&
      method.access.subject === subject &&
      method.access.action === 'read' &&
      method.http?.verb === 'GET' &&
      method.http.params.length > 0 &&
      expectedOf({ rpc: rpcOf(method), role, relationship })?.decision === 'allow',
  );

const relationshipsOf = (rpc: string, role: string): readonly string[] =>
  every.filter((relationship) => expectedOf({ rpc, role, relationship })?.decision === 'allow');

/** A list answers with nothing in it, or like one whose parent is not there. */
const agrees = (wanted: Wanted, found: Outcome | number, listed = 0): boolean => {
  if (wanted === 'refused') return found === 'hidden' || found === 'forbidden';
  if (wanted === 'empty') return found === 'hidden' || (found === 'permitted' && listed === 0);
  return found === wanted;
};

/** How many records of the world a list answers with. */
const listedIn = (text: string): number =>
  text.startsWith('{') ? Object.values(world).filter((id) => text.includes(id)).length : 0;

const byStatus = (status: number): Outcome | number => {
  if (status < 300 || status === 409 || status === 412 || status === 400) return 'permitted';
  return status === 404 ? 'hidden' : status === 403 ? 'forbidden' : status;
};

function byCode(code: number): Outcome | number {
  const permitted: readonly number[] = [grpcCode.ok, grpcCode.invalid, grpcCode.conflict, grpcCode.stale];
  if (permitted.includes(code)) return 'permitted';
  return code === grpcCode.notFound ? 'hidden' : code === grpcCode.forbidden ? 'forbidden' : code;
}

/** Consent is withdrawn of a case of its own, since that would end the shares of the one that all others ask about. */
const idsFor = ({ name }: MethodContract): Ids =>
  name === 'WithdrawConsent' ? { ...world, case_id: world.spare_case_id ?? '' } : world;

async function overGateway(method: MethodContract, user: string) {
  const { verb, url, body, headers } = callOf(method, idsFor(method));
  return ask(`${platform.gatewayUrl}${url}`, {
    method: verb,
    ...(body === undefined ? {} : { body }),
    headers: {
      authorization: `Bearer ${await tokenOf(user)}`,
      ...headers,
      ...(headers['if-match'] === undefined ? {} : { 'if-match': noVersion }),
    },
  });
}

async function atPort(method: MethodContract, credential: string, user?: string): Promise<Outcome | number> {
  const fields = filled(method.input, idsFor(method));
  const headers: (readonly [string, string])[] = [
    ['authorization', `Bearer ${credential}`],
    ['idempotency-key', crypto.randomUUID()],
    ['if-match', noVersion],
  ];
  if (user !== undefined) headers.push(['x-user-authorization', `Bearer ${await tokenOf(user)}`]);
  const message = toBinary(method.input, fromJson(method.input, fields, { registry }));
  return byCode(await grpcRaw(platform.processes[serviceOf(method)].address, method.path, headers, message));
}

describe.each(users)('%s', (user) => {
  it('is answered over the gateway as expected.csv says', { timeout: 120_000 }, async () => {
    const wrong: string[] = [];
    for (const method of methods) {
      const { outcome, line } = wanted(method, user);
      const answer = await overGateway(method, user);
      const found = byStatus(answer.status);
      if (found !== 'permitted') countDenial(serviceOf(method));
      const listed = outcome === 'empty' ? listedIn(answer.text) : 0;
      if (!agrees(outcome, found, listed))
        wrong.push(`${rpcOf(method)}: ${outcome} expected, found ${answer.status}`);
      if (found !== 'permitted' || answer.status >= 300 || line?.decision !== 'allow') continue;
      const { masked_fields: masked } = JSON.parse(answer.text);
      if (masked === undefined || method.http?.verb !== 'GET') continue;
      const hidden = fieldsOf(method, line.masked);
      const missing = hidden.filter((field) => !masked.includes(field));
      if (missing.length > 0) wrong.push(`${rpcOf(method)}: shows ${missing.join(' ')}`);
    }
    expect(wrong).toEqual([]);
  });

  it('is answered straight at the ports of the services as expected.csv says', {
    timeout: 120_000,
  }, async () => {
    const wrong: string[] = [];
    for (const method of methods) {
      const { outcome } = wanted(method, user);
      const gateway = await testServiceToken('service-gateway', serviceOf(method));
      const found = await atPort(method, gateway, user);
      if (found !== 'permitted') countDenial(serviceOf(method));
      if (!agrees(outcome, found)) wrong.push(`${rpcOf(method)}: ${outcome} expected, found ${found}`);
    }
    expect(wrong).toEqual([]);
  });

  it('gets nowhere with a token of its own alone', async () => {
    for (const name of services) {
      const method = methods.find((each) => serviceOf(each) === name);
      if (method === undefined) throw new Error(`${name} has no RPC`);
      expect(await atPort(method, await tokenOf(user)), name).toBe(grpcCode.unauthenticated);
    }
  });
});

const internal = serviceNames()
  .filter((name) => name.startsWith('midas.'))
  .flatMap(methodsOf)
  .filter(({ http, path }) => http === undefined && !path.startsWith('/midas.subject.'));

describe.each([...services, 'gateway'])('the service %s', (name) => {
  test('is answered by the internal RPCs that name it, and by no other RPC', {
    timeout: 120_000,
  }, async () => {
    const wrong: string[] = [];
    for (const method of [...internal, ...methods]) {
      const callee = serviceOf(method);
      const credential = await serviceToken(name, callee);
      // Keycloak gives it no credential for services that it never calls.
      if (credential === undefined) continue;
      const line = expectedOf({ rpc: rpcOf(method), role: `service:${name}`, relationship: 'any' });
      const found = await atPort(method, credential);
      if (found !== 'permitted') countDenial(callee);
      const isRight = line?.decision === 'allow' ? found !== 'forbidden' : found === 'forbidden';
      if (!isRight) wrong.push(`${rpcOf(method)}: ${line?.decision} expected, found ${found}`);
    }
    expect(wrong).toEqual([]);
  });
});

const serviceToken = (name: string, callee: string): Promise<string | undefined> =>
  testServiceToken(`service-${name}`, callee).catch((error: unknown) => {
    if (String(error).includes('Invalid scopes')) return undefined;
    throw error;
  });

test('every refusal is in the audit trail', async () => {
  for (const name of services) expect(await denials(name), name).toBe(denied[name]);
});
