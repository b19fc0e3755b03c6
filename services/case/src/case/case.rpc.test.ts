import { randomUUID } from 'node:crypto';
import { serviceClient, type TestClient, testToken, waitFor } from '@midas/kit/testing';
import {
  CallerFactsServiceService,
  GrantShareRequest,
  ShareServiceService,
} from '@midas/proto/case/v1/access';
import { CaseServiceService, ContactChannel, PersonServiceService } from '@midas/proto/case/v1/case';
import { CaseAllocated, CaseClosed, CaseEngaged, CaseOpened } from '@midas/proto/case/v1/events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  acceptedReferral,
  allocatedCase,
  caseOf,
  invented,
  type Platform,
  startPlatform,
} from '../testing/platform.ts';

let platform: Platform;
type Cases = TestClient<typeof CaseServiceService>;
let manager: Cases;
let worker: Cases;
let otherWorker: Cases;
const ANY = { headers: { 'if-match': '*' } };

beforeAll(async () => {
  platform = await startPlatform();
  const as = (user: string) => serviceClient(CaseServiceService, platform.case.address, { as: user });
  manager = as('service-manager@provider');
  worker = as('case-worker@provider');
  otherWorker = as('case-worker-2@provider');
});
afterAll(async () => {
  for (const client of [manager, worker, otherWorker]) client?.[Symbol.dispose]();
  await platform?.[Symbol.asyncDispose]();
});

const contact = (caseId: string, change: object = {}) => ({
  caseId,
  channel: ContactChannel.PHONE,
  safe: true,
  twoWay: true,
  supportAccepted: true,
  occurredAt: new Date('2018-01-12T09:00:00Z'),
  note: 'Spoke for half an hour',
  ...change,
});
const page = (caseId: string) => ({ caseId, pageSize: 0, pageToken: '' });

/** Events of a case as they wait in its outbox, in their order. */
async function eventsOf(caseId: string) {
  const rows = await platform.db.outboxEvent.findMany({
    where: { aggregateId: caseId },
    orderBy: { aggregateVersion: 'asc' },
  });
  return rows.map(({ type, aggregateVersion, payload }) => ({
    type: type.split('.').at(-1),
    version: aggregateVersion,
    payload,
  }));
}

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('an event is missing');
  return value;
};

describe('an accepted referral', () => {
  it('opens one case, at the time of acceptance, with the persons it names', async () => {
    const [person, alleged] = [invented(), invented()];
    const referralId = await acceptedReferral(platform, person, [alleged], new Date('2018-01-10T09:00:00Z'));
    const opened = await caseOf(platform, referralId);
    expect(opened).toMatchObject({
      status: 'CASE_STATUS_OPEN',
      worker: '',
      openedAt: new Date('2018-01-10T09:00:00Z'),
    });
    expect(opened.person).toMatchObject({ familyName: person.familyName, birthDate: person.birthDate });
    expect(opened.allegedPerpetrators.map(({ familyName }) => familyName)).toEqual([alleged.familyName]);
    const [event] = await eventsOf(opened.caseId);
    expect(event).toMatchObject({ type: 'CaseOpened', version: 1 });
    expect(CaseOpened.decode(present(event).payload)).toMatchObject({
      referralId,
      openedAt: new Date('2018-01-10T09:00:00Z'),
    });
  });

  it('is the same person as a service resolves from the same particulars', async () => {
    const person = invented();
    const { caseId } = await caseOf(platform, await acceptedReferral(platform, person));
    using risk = serviceClient(PersonServiceService, platform.case.address, { as: { service: 'risk' } });
    const { personIds } = await risk.resolvePersons({
      sourceKind: 'incident',
      sourceId: randomUUID(),
      persons: [
        {
          role: 'PERSON_ROLE_VICTIM',
          particulars: { ...person, familyName: person.familyName.toUpperCase() },
        },
      ],
    });
    const { personId } = await platform.db.case.findUniqueOrThrow({ where: { id: caseId } });
    expect(personIds).toEqual([personId]);
  });

  it('keeps nothing of a person outside sealed columns', async () => {
    const person = invented();
    const { caseId } = await caseOf(platform, await acceptedReferral(platform, person));
    expect(caseId).not.toBe('');
    const tables = await platform.db.$queryRaw<readonly { readonly name: string }[]>`
      SELECT table_name::text AS name FROM information_schema.tables
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`;
    expect(tables.length).toBeGreaterThan(10);
    for (const { name } of tables) {
      const holding = await platform.db.$queryRawUnsafe(
        `SELECT 1 AS found FROM "${name}" AS t WHERE t::text ILIKE $1`,
        `%${person.familyName}%`,
      );
      expect({ name, holding }).toEqual({ name, holding: [] });
    }
  });
});

describe('a case', () => {
  it('is allocated, engaged and closed, each told by one event', async () => {
    const { caseId } = await allocatedCase(platform);
    await worker.logContact(contact(caseId, { twoWay: false }));
    expect((await worker.getCase({ caseId })).engagedAt).toBeUndefined();
    await worker.logContact(contact(caseId));
    await worker.logContact(contact(caseId, { occurredAt: new Date('2018-01-11T12:00:00Z') }));
    const engaged = await worker.getCase({ caseId });
    expect(engaged.engagedAt).toEqual(new Date('2018-01-11T12:00:00Z'));
    const occurredAt = new Date('2018-03-01T09:00:00Z');
    const closed = await manager.closeCase(
      { caseId, reason: 'CLOSURE_REASON_NEEDS_MET', note: 'Went well', occurredAt },
      ANY,
    );
    expect(closed).toMatchObject({
      status: 'CASE_STATUS_CLOSED',
      closedAt: occurredAt,
      closureNote: '',
    });
    expect(await worker.getCase({ caseId })).toMatchObject({ closureNote: 'Went well' });

    const events = await eventsOf(caseId);
    expect(events.map(({ type, version }) => [type, version])).toEqual([
      ['CaseOpened', 1],
      ['CaseAllocated', 2],
      ['CaseEngaged', 3],
      ['CaseClosed', 4],
    ]);
    expect(CaseAllocated.decode(present(events[1]).payload).team).toBe('idva');
    expect(CaseEngaged.decode(present(events[2]).payload).engagedAt).toEqual(
      new Date('2018-01-12T09:00:00Z'),
    );
    expect(CaseClosed.decode(present(events[3]).payload)).toMatchObject({
      reason: 'CLOSURE_REASON_NEEDS_MET',
      closedAt: occurredAt,
    });
  });

  it('is engaged once, however many contacts are logged at once', async () => {
    const { caseId } = await allocatedCase(platform);
    const minutes = [50, 10, 40, 20, 30, 0, 25, 45];
    await Promise.all(
      minutes.map((minute) =>
        worker.logContact(contact(caseId, { occurredAt: new Date(Date.UTC(2018, 0, 12, 9, minute)) })),
      ),
    );
    expect((await worker.getCase({ caseId })).engagedAt).toEqual(new Date('2018-01-12T09:00:00Z'));
    expect((await eventsOf(caseId)).map(({ type, version }) => [type, version])).toEqual([
      ['CaseOpened', 1],
      ['CaseAllocated', 2],
      ['CaseEngaged', 3],
    ]);
    expect((await worker.listContacts(page(caseId))).contacts).toHaveLength(minutes.length);
  });

  it('takes nothing more once it is closed', async () => {
    const { caseId } = await allocatedCase(platform);
    await manager.closeCase({ caseId, reason: 'CLOSURE_REASON_MOVED', note: '', occurredAt: undefined }, ANY);
    await expect(worker.logContact(contact(caseId))).rejects.toMatchObject({
      kind: 'conflict',
      slug: 'case-closed',
    });
    const again = { caseId, worker: 'case-worker@provider', team: 'idva', occurredAt: undefined };
    await expect(manager.allocateCase(again, ANY)).rejects.toMatchObject({
      kind: 'conflict',
      slug: 'case-closed',
    });
    expect((await worker.listContacts(page(caseId))).contacts).toEqual([]);
  });

  it('refuses a time before its opening or in the future, naming the field', async () => {
    const { caseId } = await allocatedCase(platform);
    const violations = [{ field: 'occurred_at' }];
    for (const occurredAt of [new Date('2018-01-10T08:59:59Z'), new Date(Date.now() + 3_600_000)]) {
      await expect(worker.logContact(contact(caseId, { occurredAt }))).rejects.toMatchObject({
        kind: 'invalid',
        violations,
      });
    }
  });

  it('is changed only by who saw it as it is', async () => {
    const { caseId } = await caseOf(platform, await acceptedReferral(platform, invented()));
    let etag = '';
    await manager.getCase({ caseId }, { received: (headers) => (etag = headers.etag ?? '') });
    const request = { caseId, worker: 'case-worker@provider', team: 'idva', occurredAt: undefined };
    await expect(manager.allocateCase(request)).rejects.toMatchObject({ kind: 'precondition-required' });
    await manager.allocateCase(request, { headers: { 'if-match': etag } });
    await expect(manager.allocateCase(request, { headers: { 'if-match': etag } })).rejects.toMatchObject({
      kind: 'stale',
    });
  });

  it('answers a repeated contact with the first one', async () => {
    const { caseId } = await allocatedCase(platform);
    const keyed = { headers: { 'idempotency-key': randomUUID() } };
    const first = await worker.logContact(contact(caseId), keyed);
    expect(await worker.logContact(contact(caseId), keyed)).toEqual(first);
    await expect(worker.logContact(contact(caseId, { note: 'other' }), keyed)).rejects.toMatchObject({
      slug: 'idempotency-key-reused',
    });
    expect((await worker.listContacts(page(caseId))).contacts).toHaveLength(1);
  });
});

const WITHOUT_NOTES = [
  'alleged_perpetrators.address',
  'alleged_perpetrators.safe_contact.note',
  'closure_note',
  'person.address',
  'person.safe_contact.note',
];

describe('what a caller sees of a case', () => {
  it('the assigned case-worker all of it; the manager neither notes nor addresses; another team nothing', async () => {
    const { caseId } = await allocatedCase(platform);
    const full = await worker.getCase({ caseId });
    expect(full.person?.address?.postcode).toBe('ME4 4UH');
    expect(full.maskedFields).toEqual([]);
    const managed = await manager.getCase({ caseId });
    expect(managed.person?.address).toBeUndefined();
    expect(managed.person?.familyName).toBe(full.person?.familyName);
    expect([...managed.maskedFields].sort()).toEqual(WITHOUT_NOTES);
    await expect(otherWorker.getCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('the team neither notes nor addresses', async () => {
    const { caseId } = await allocatedCase(platform);
    await worker.logContact(contact(caseId));
    const request = { caseId, worker: 'someone-else@provider', team: 'idva', occurredAt: undefined };
    await manager.allocateCase(request, ANY);
    const seen = await worker.getCase({ caseId });
    expect(seen.person?.givenName).toBe('Ada');
    expect(seen.person?.address).toBeUndefined();
    expect(seen.person?.safeContact).toMatchObject({ phone: 'CONTACT_SAFETY_SAFE', note: '' });
    expect([...seen.maskedFields].sort()).toEqual(WITHOUT_NOTES);
    const [logged] = (await worker.listContacts(page(caseId))).contacts;
    expect(logged).toMatchObject({ note: '', maskedFields: ['note'] });
    await expect(worker.logContact(contact(caseId))).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('is closed by the manager only', async () => {
    const { caseId } = await allocatedCase(platform);
    const closing = { caseId, reason: 'CLOSURE_REASON_NEEDS_MET', note: '', occurredAt: undefined } as const;
    await expect(worker.closeCase(closing, ANY)).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('a case of another is answered like one that does not exist', async () => {
    const { caseId } = await allocatedCase(platform);
    const answers = await Promise.all(
      [caseId, randomUUID()].map((id) =>
        otherWorker.logContact(contact(id)).catch(({ kind, slug, message }) => ({ kind, slug, message })),
      ),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({ kind: 'not-found' });
  });

  it('lists page by page what the caller may see, each once', async () => {
    const mine = await Promise.all([
      allocatedCase(platform),
      allocatedCase(platform),
      allocatedCase(platform),
    ]);
    const seen: string[] = [];
    let pageToken = '';
    do {
      const answer = await worker.listCases({
        pageSize: 2,
        pageToken,
        status: 'CASE_STATUS_UNSPECIFIED',
        referralId: '',
      });
      expect(answer.cases.length).toBeLessThanOrEqual(2);
      seen.push(...answer.cases.map(({ caseId }) => caseId));
      pageToken = answer.nextPageToken;
    } while (pageToken !== '');
    expect(new Set(seen).size).toBe(seen.length);
    for (const { caseId } of mine) expect(seen).toContain(caseId);
    const other = await otherWorker.listCases({
      pageSize: 0,
      pageToken: '',
      status: 'CASE_STATUS_UNSPECIFIED',
      referralId: '',
    });
    for (const { caseId } of mine) expect(other.cases.map((each) => each.caseId)).not.toContain(caseId);
  });

  it.each([
    'intake-worker@provider',
    'referrer@police',
    'programme-manager@provider',
    'commissioner@council',
  ])('nothing, if the caller is %s', async (as) => {
    const { caseId } = await allocatedCase(platform);
    using client = serviceClient(CaseServiceService, platform.case.address, { as });
    const all = { pageSize: 0, pageToken: '', status: 'CASE_STATUS_UNSPECIFIED', referralId: '' } as const;
    await expect(client.getCase({ caseId })).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(client.listCases(all)).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

describe('services', () => {
  it('health-access is told what a plan needs, for a navigator with whom the case is shared for health', async () => {
    const person = invented({ nhsNumber: '9434765919' });
    const { caseId } = await allocatedCase(platform, person);
    using health = serviceClient(CaseServiceService, platform.case.address, {
      as: { service: 'health-access' },
    });
    const navigator = {
      headers: { 'x-user-authorization': `Bearer ${await testToken('health-navigator@ccg')}` },
    };
    const refusal = { kind: 'not-found' };
    await expect(health.getCaseForHealth({ caseId }, navigator)).rejects.toMatchObject(refusal);
    using shares = serviceClient(ShareServiceService, platform.case.address, { as: 'case-worker@provider' });
    await shares.grantShare(
      GrantShareRequest.fromPartial({
        caseId,
        organisation: 'ccg',
        purpose: 'direct-care',
        scope: 'SHARE_SCOPE_HEALTH',
        lawfulBasis: 'LAWFUL_BASIS_CONSENT',
        consentGiven: true,
      }),
    );
    expect(await health.getCaseForHealth({ caseId }, navigator)).toMatchObject({
      caseId,
      team: 'idva',
      person: { nhsNumber: '9434765919', address: undefined },
    });
    await expect(health.getCaseForHealth({ caseId })).rejects.toMatchObject(refusal);
    await shares.withdrawConsent({ caseId, occurredAt: undefined });
    await expect(health.getCaseForHealth({ caseId }, navigator)).rejects.toMatchObject(refusal);
  });

  it('those that judge users are told how one stands to cases, by ids and codes; nothing without a user', async () => {
    const { caseId } = await allocatedCase(platform);
    const { personId } = await platform.db.case.findUniqueOrThrow({ where: { id: caseId } });
    using risk = serviceClient(CallerFactsServiceService, platform.case.address, { as: { service: 'risk' } });
    const asUser = async (user: string) => ({
      headers: { 'x-user-authorization': `Bearer ${await testToken(user)}` },
    });
    const { relations } = await risk.getCallerFacts({}, await asUser('case-worker@provider'));
    const ofCase = relations.filter((relation) => relation.caseId === caseId);
    const scope = 'SHARE_SCOPE_UNSPECIFIED';
    expect(ofCase).toEqual([
      { kind: 'RELATION_KIND_ASSIGNED', caseId, personId, scope },
      { kind: 'RELATION_KIND_TEAM', caseId, personId, scope },
    ]);
    const none = { relations: [], blockedPersonIds: [] };
    expect(await risk.getCallerFacts({}, await asUser('service-manager@provider'))).toEqual(none);
    expect(await risk.getCallerFacts({})).toEqual(none);
    using gateway = serviceClient(CallerFactsServiceService, platform.case.address, {
      as: 'case-worker@provider',
    });
    await expect(gateway.getCallerFacts({})).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('no other service is, and no user', async () => {
    const { caseId } = await allocatedCase(platform);
    using risk = serviceClient(CaseServiceService, platform.case.address, { as: { service: 'risk' } });
    await expect(risk.getCaseForHealth({ caseId })).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(manager.getCaseForHealth({ caseId })).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

it('audits who did what to which case', async () => {
  const { caseId } = await allocatedCase(platform);
  await worker.getCase({ caseId });
  const rows = await waitFor(
    async () => {
      const found = await platform.db.auditEntry.findMany({ where: { recordIds: { has: caseId } } });
      return (
        found.some(({ action, userName }) => action === 'read' && userName.startsWith('case-worker')) && found
      );
    },
    { what: 'the audit entries' },
  );
  const said = rows.map(({ userName, action, decision, outcome }) => [userName, action, decision, outcome]);
  expect(said).toContainEqual(['service-manager@provider', 'allocate', 'allow', 'ok']);
  expect(said).toContainEqual(['case-worker@provider', 'read', 'allow', 'ok']);
});
