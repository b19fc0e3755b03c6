import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainTransport, remote, transport } from '@midas/kit';
import {
  installCertificate,
  serviceClient,
  testAuthority,
  testNats,
  testServiceToken,
  waitFor,
} from '@midas/kit/testing';
import { CaseServiceService } from '@midas/proto/case/v1/case';
import { ReferralServiceService } from '@midas/proto/referral/v1/referral';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { syntheticPerson } from '../setup/people.ts';
import { type Platform, type ProcessName, testPlatform } from '../setup/platform.ts';
import { ok, rest } from '../setup/rest.ts';

const authority = testAuthority();
const folders: string[] = [];
/** A certificate by these names, as variables of a process. */
function certified(...names: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'midas-tls-'));
  folders.push(folder);
  return installCertificate(folder, authority.issue(...names), authority);
}

let platform: Platform;
beforeAll(async () => {
  const ofNats = certified('DNS:localhost');
  const own = (name: ProcessName) => certified(`DNS:${name}`);
  platform = await testPlatform(own, undefined, () => testNats(ofNats));
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const as = (userName: string) => rest(platform.gatewayUrl, userName);
const log = { info: () => undefined, warn: () => undefined };

/** Asks referral for a referral that there is not, as the service that the credential and the certificate name. */
async function ask(credentialOf: string, over: Pick<typeof plainTransport, 'to'>): Promise<unknown> {
  const client = remote(ReferralServiceService, {
    callee: 'referral',
    address: platform.processes.referral.address,
    transport: over,
    tokens: () => testServiceToken(`service-${credentialOf}`, 'referral'),
  });
  try {
    return await client.getAcceptedReferral({ referralId: crypto.randomUUID() });
  } catch (error) {
    return error;
  } finally {
    client.close();
  }
}

test('the whole platform works over mutual TLS: a referral becomes a case, by RPC and by event', async () => {
  const { referral_id: id } = ok(
    await as('referrer@police').post('/v1/referrals', {
      kind: 'REFERRAL_KIND_POLICE',
      support: 'SUPPORT_KIND_IDVA',
      referred_at: '2017-06-05T10:00:00Z',
      person: syntheticPerson(),
      consent_given: true,
    }),
  );
  ok(await as('intake-worker@provider').post(`/v1/referrals/${id}:accept`, {}, { 'if-match': '*' }));
  await waitFor(
    async () =>
      ok(await as('service-manager@provider').get(`/v1/cases?referral_id=${id}`)).cases?.length === 1,
    { what: 'the case', timeoutMs: 30_000 },
  );
});

test("a service's port answers nobody in the clear, whatever the tokens", async () => {
  using client = serviceClient(CaseServiceService, platform.processes.case.address, {
    as: 'service-manager@provider',
  });
  const list = client.listCases({
    pageSize: 0,
    pageToken: '',
    status: 'CASE_STATUS_UNSPECIFIED',
    referralId: '',
  });
  await expect(list).rejects.toMatchObject({ kind: 'unavailable' });
  expect(await ask('case', plainTransport)).toMatchObject({ kind: 'unavailable' });
});

test('a credential opens it only by the certificate of the same service', async () => {
  const own = transport(certified('DNS:case'), { log });
  expect(await ask('case', own)).toMatchObject({ kind: 'not-found' });
  const another = transport(certified('DNS:perpetrator-programme'), { log });
  expect(await ask('case', another)).toMatchObject({ kind: 'unauthenticated', slug: 'token-refused' });
  await waitFor(() => platform.processes.referral.log().includes('certificate-mismatch'));
});

test('NATS lets in nobody without a certificate', async () => {
  const { url } = platform.nats;
  const ca = { caFile: certified('DNS:x').TLS_CA_FILE };
  await expect(connect({ servers: url, reconnect: false, tls: ca })).rejects.toThrow();
  await expect(connect({ servers: url, reconnect: false })).rejects.toThrow();
});
