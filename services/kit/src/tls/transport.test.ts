import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import {
  ReferralKind,
  ReferralServiceService,
  SubmitReferralRequest,
  SupportKind,
} from '@midas/proto/referral/v1/referral';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { anonymous } from '../identity/caller.ts';
import { logger } from '../log/logger.ts';
import { type Remote, remote } from '../rpc/client.ts';
import { startTestService, type TestService } from '../rpc/fixture/service.ts';
import { type TestRealm, testRealm } from '../rpc/fixture/tokens.ts';
import type { Call } from '../rpc/types.ts';
import {
  installCertificate,
  type TestAuthority,
  type TestCertificate,
  testAuthority,
} from '../testing/certificates.ts';
import { type TestDatabase, testDatabase, testKeyRing, waitFor } from '../testing/index.ts';
import { certifiedNames } from './names.ts';
import { plainTransport, type Transport, transport } from './transport.ts';

type Definition = typeof ReferralServiceService;

const lines: string[] = [];
const log = logger({
  name: 'referral',
  level: 'info',
  destination: { write: (line: string) => void lines.push(line) },
});
const everyMs = 20;
const folder = (): string => mkdtempSync(join(tmpdir(), 'midas-tls-'));

let database: TestDatabase;
let realm: TestRealm;
let authority: TestAuthority;
let service: TestService;
let files: ReturnType<typeof installCertificate>;
let open: Remote<Definition>[] = [];

beforeAll(async () => {
  [database, realm] = await Promise.all([testDatabase('kit'), testRealm()]);
  authority = testAuthority();
  files = installCertificate(folder(), authority.issue('DNS:referral'), authority);
  service = await startTestService({
    databaseUrl: database.url,
    realm,
    keyRing: testKeyRing(),
    log,
    transport: transport(files, { log, everyMs }),
  });
});

afterEach(() => {
  for (const client of open) client.close();
  open = [];
  lines.length = 0;
});

afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const certified = (own: TestCertificate, trusted = authority): Transport =>
  transport(installCertificate(folder(), own, trusted), { log, everyMs });

/** Submits a referral as `caller` over this transport. */
async function submit(caller: string, over: Pick<Transport, 'to'>, callee = 'referral') {
  const client = remote(ReferralServiceService, {
    callee,
    address: service.address,
    transport: over,
    tokens: () => realm.service(caller, 'referral'),
  });
  open.push(client);
  const token = await realm.user('worker', ['sender']);
  const user = { ...anonymous(caller), kind: 'user' as const, token, purpose: 'direct-care' };
  // Of the call in whose course this one is made, the client reads no more.
  const call = { caller: user, deadline: Date.now() + 10_000, purpose: 'direct-care' } as unknown as Call;
  const submission = SubmitReferralRequest.fromPartial({
    kind: ReferralKind.GP,
    support: SupportKind.IDVA,
    person: { familyName: 'Imagined' },
  });
  return client.submitReferral(submission, { call, idempotencyKey: crypto.randomUUID() });
}

const unavailable = expect.objectContaining({ kind: 'unavailable' });

describe('over mutual TLS', () => {
  it('a service that is certified as whom it says it is is answered, by DNS name or URI', async () => {
    const byName = certified(authority.issue('DNS:gateway'));
    expect((await submit('gateway', byName)).referralId).toMatch(/^[0-9a-f-]{36}$/);
    const byUri = certified(authority.issue('DNS:node-17.internal', 'URI:urn:midas:service:gateway'));
    await expect(submit('gateway', byUri)).resolves.toBeDefined();
  });

  it('nobody is let in without a certificate, or in the clear', async () => {
    const none = {
      to: () => ({
        credentials: credentials.createSsl(Buffer.from(authority.certificate)),
        options: { 'grpc.ssl_target_name_override': 'referral' },
      }),
    };
    await expect(submit('gateway', none)).rejects.toEqual(unavailable);
    await expect(submit('gateway', plainTransport)).rejects.toEqual(unavailable);
  });

  it('nobody is let in by a certificate of another authority', async () => {
    const stranger = testAuthority();
    await expect(submit('gateway', certified(stranger.issue('DNS:gateway')))).rejects.toEqual(unavailable);
    const itself = { certificate: stranger.certificate, issue: stranger.issue };
    await expect(submit('gateway', certified(stranger.issue('DNS:gateway'), itself))).rejects.toEqual(
      unavailable,
    );
  });

  it('a credential that comes by the certificate of another service is refused, and the log says so', async () => {
    const other = certified(authority.issue('DNS:risk'));
    await expect(submit('gateway', other)).rejects.toMatchObject({
      kind: 'unauthenticated',
      slug: 'token-refused',
    });
    expect(lines.join()).toContain('certificate-mismatch');
    await expect(submit('gateway', certified(authority.issue()))).rejects.toMatchObject({
      slug: 'token-refused',
    });
  });

  it('a service that is certified as another is not spoken to', async () => {
    const own = certified(authority.issue('DNS:gateway'));
    await expect(submit('gateway', own, 'case')).rejects.toEqual(unavailable);
  });
});

describe('certificates that change', () => {
  afterAll(() => {
    authority = testAuthority();
  });

  it('are used by new connections, without a restart, and those before no longer', async () => {
    const before = certified(authority.issue('DNS:gateway'));
    await submit('gateway', before);
    const next = testAuthority();
    writeFileSync(files.TLS_CERT_FILE, next.issue('DNS:referral').certificate);
    await waitFor(() => lines.some((line) => line.includes('those before stay in use')));
    await expect(submit('gateway', before), 'with a key that does not fit yet').resolves.toBeDefined();

    const ofClient = installCertificate(folder(), authority.issue('DNS:gateway'), authority);
    const client = transport(ofClient, { log, everyMs });
    await submit('gateway', client);
    const [server, caller] = [next.issue('DNS:referral'), next.issue('DNS:gateway')];
    for (const [at, own] of [
      [files, server],
      [ofClient, caller],
    ] as const) {
      writeFileSync(at.TLS_KEY_FILE, own.privateKey);
      writeFileSync(at.TLS_CERT_FILE, own.certificate);
      writeFileSync(at.TLS_CA_FILE, next.certificate);
    }
    await waitFor(async () => (await submit('gateway', client)) !== undefined, { timeoutMs: 20_000 });
    expect((await submit('gateway', certified(caller, next))).referralId).toBeDefined();
    await expect(submit('gateway', before)).rejects.toEqual(unavailable);
    expect(lines.filter((line) => line.includes('PRIVATE KEY'))).toEqual([]);
  });

  it('that cannot be used at the start end the start', () => {
    const broken = installCertificate(folder(), authority.issue('DNS:x'), authority);
    writeFileSync(broken.TLS_KEY_FILE, authority.issue('DNS:x').privateKey);
    expect(() => transport(broken, { log })).toThrow();
    expect(() => transport({ ...broken, TLS_CA_FILE: '/nowhere' }, { log })).toThrow('/nowhere');
  });
});

describe('names of a certificate', () => {
  const names = (subjectaltname?: string) =>
    certifiedNames(subjectaltname === undefined ? {} : { subjectaltname });

  it('are its DNS names and the URIs of our services', () => {
    expect(names('DNS:case, DNS:midas-case.midas.svc, IP Address:10.0.0.1')).toEqual([
      'case',
      'midas-case.midas.svc',
    ]);
    expect(names('URI:urn:midas:service:risk, URI:spiffe://elsewhere/risk, email:case@x')).toEqual(['risk']);
    expect(names()).toEqual([]);
  });

  it('are none where one of them is written so as to look like several', () => {
    expect(names('DNS:"x, DNS:case, DNS:y"')).toEqual([]);
    expect(names('URI:"urn:midas:service:risk, DNS:case"')).toEqual([]);
  });
});
