import { randomUUID } from 'node:crypto';
import { serviceClient, type TestClient } from '@midas/kit/testing';
import { GrantShareRequest, ShareServiceService } from '@midas/proto/case/v1/access';
import { CaseServiceService } from '@midas/proto/case/v1/case';
import { ShareEnded, ShareGranted, ShareMarked } from '@midas/proto/case/v1/events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allocatedCase, invented, type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
type Shares = TestClient<typeof ShareServiceService>;
let worker: Shares;
let otherWorker: Shares;
let manager: Shares;
let housing: Shares;
let socialCare: Shares;
let navigator: Shares;
const ANY = { headers: { 'if-match': '*' } };
const REASON = 'The children are at risk of harm.';

beforeAll(async () => {
  platform = await startPlatform();
  const as = (user: string) => serviceClient(ShareServiceService, platform.case.address, { as: user });
  worker = as('case-worker@provider');
  otherWorker = as('case-worker-2@provider');
  manager = as('service-manager@provider');
  housing = as('partner-professional@housing');
  socialCare = as('partner-professional@adult-social-care');
  navigator = as('health-navigator@ccg');
});
afterAll(async () => {
  for (const client of [worker, otherWorker, manager, housing, socialCare, navigator])
    client?.[Symbol.dispose]();
  await platform?.[Symbol.asyncDispose]();
});

const asked = (caseId: string, change: Partial<GrantShareRequest> = {}): GrantShareRequest =>
  GrantShareRequest.fromPartial({
    caseId,
    organisation: 'housing',
    purpose: 'direct-care',
    scope: 'SHARE_SCOPE_SUMMARY',
    lawfulBasis: 'LAWFUL_BASIS_CONSENT',
    consentGiven: true,
    ...change,
  });
const all = { pageSize: 0, pageToken: '' };
const withdrawing = (caseId: string) => ({ caseId, occurredAt: undefined });

/** Types and versions of the events of a grant, in their order. */
async function eventsOf(shareGrantId: string) {
  const rows = await platform.db.outboxEvent.findMany({
    where: { aggregateId: shareGrantId },
    orderBy: { aggregateVersion: 'asc' },
  });
  return rows.map(({ type, aggregateVersion }) => [type, aggregateVersion]);
}

describe('a share grant', () => {
  it('is given by the assigned worker, read by those who hold the case, and ended', async () => {
    const { caseId } = await allocatedCase(platform);
    const granted = await worker.grantShare(
      asked(caseId, {
        lawfulBasis: 'LAWFUL_BASIS_MARAC',
        consentGiven: false,
        overrideReason: REASON,
      }),
    );
    const { shareGrantId } = granted;
    expect(granted).toMatchObject({
      status: 'SHARE_GRANT_STATUS_LIVE',
      owner: 'case-worker@provider',
      overrideReason: REASON,
      maskedFields: [],
    });
    expect(await manager.getShareGrant({ shareGrantId })).toMatchObject({
      overrideReason: '',
      maskedFields: ['override_reason', 'decision_reason'],
    });
    expect((await manager.listShareGrants({ caseId, ...all })).shareGrants).toHaveLength(1);
    for (const stranger of [otherWorker, housing]) {
      await expect(stranger.getShareGrant({ shareGrantId })).rejects.toMatchObject({
        kind: stranger === housing ? 'forbidden' : 'not-found',
      });
    }
    expect(await worker.endShareGrant({ shareGrantId }, ANY)).toMatchObject({
      status: 'SHARE_GRANT_STATUS_ENDED',
    });
    await expect(worker.endShareGrant({ shareGrantId }, ANY)).rejects.toMatchObject({
      slug: 'share-grant-over',
    });
    expect(await eventsOf(shareGrantId)).toEqual([
      [ShareGranted.$type, 1],
      [ShareEnded.$type, 2],
    ]);
  });

  it('is given by nobody else, and of no case that is unknown or closed', async () => {
    const { caseId } = await allocatedCase(platform);
    await expect(otherWorker.grantShare(asked(caseId))).rejects.toMatchObject({ kind: 'not-found' });
    await expect(worker.grantShare(asked(randomUUID()))).rejects.toMatchObject({ kind: 'not-found' });
    await expect(manager.grantShare(asked(caseId))).rejects.toMatchObject({ kind: 'forbidden' });
    using cases = serviceClient(CaseServiceService, platform.case.address, {
      as: 'service-manager@provider',
    });
    await cases.closeCase(
      { caseId, reason: 'CLOSURE_REASON_NEEDS_MET', note: '', occurredAt: undefined },
      ANY,
    );
    await expect(worker.grantShare(asked(caseId))).rejects.toMatchObject({ slug: 'case-closed' });
  });

  it('without consent and without a reason is refused by the contract', async () => {
    const { caseId } = await allocatedCase(platform);
    for (const change of [
      { consentGiven: false, overrideReason: REASON },
      { consentGiven: false, lawfulBasis: 'LAWFUL_BASIS_MARAC' as const },
    ]) {
      await expect(worker.grantShare(asked(caseId, change))).rejects.toMatchObject({
        slug: 'invalid-request',
      });
    }
  });

  it('goes with its case to the next worker', async () => {
    const { caseId } = await allocatedCase(platform);
    const { shareGrantId } = await worker.grantShare(asked(caseId));
    using cases = serviceClient(CaseServiceService, platform.case.address, {
      as: 'service-manager@provider',
    });
    const next = { caseId, worker: 'case-worker-2@provider', team: 'outreach', occurredAt: undefined };
    await cases.allocateCase(next, ANY);
    await expect(worker.getShareGrant({ shareGrantId })).rejects.toMatchObject({ kind: 'not-found' });
    expect(await otherWorker.getShareGrant({ shareGrantId })).toMatchObject({
      owner: 'case-worker-2@provider',
    });
  });

  it('keeps what people typed in sealed columns', async () => {
    const { caseId } = await allocatedCase(platform);
    const overrideReason = `Because of ${randomUUID()}`;
    const { shareGrantId } = await worker.grantShare(
      asked(caseId, { lawfulBasis: 'LAWFUL_BASIS_COURT_ORDER', consentGiven: false, overrideReason }),
    );
    const row = await platform.db.shareGrant.findUniqueOrThrow({ where: { id: shareGrantId } });
    expect(Buffer.from(row.overrideReason ?? []).includes('Because')).toBe(false);
  });
});

describe('what is shared', () => {
  it('is seen by the organisation it is shared with, by scope, and by no other', async () => {
    const person = invented({ nhsNumber: '9434765919' });
    const { caseId } = await allocatedCase(platform, person);
    await expect(housing.getSharedCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    await worker.grantShare(asked(caseId));
    expect(await housing.getSharedCase({ caseId })).toEqual({
      caseId,
      givenName: 'Ada',
      familyName: person.familyName,
      safeContact: { phone: 'CONTACT_SAFETY_SAFE', note: '' },
      worker: 'case-worker@provider',
      scope: 'SHARE_SCOPE_SUMMARY',
      expiresAt: expect.any(Date),
      health: undefined,
      maskedFields: ['safe_contact.note', 'health'],
    });
    await worker.grantShare(asked(caseId, { scope: 'SHARE_SCOPE_HEALTH' }));
    expect(await housing.getSharedCase({ caseId })).toMatchObject({
      scope: 'SHARE_SCOPE_HEALTH',
      health: { nhsNumber: '9434765919' },
      maskedFields: ['safe_contact.note'],
    });
    await expect(socialCare.getSharedCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(navigator.getSharedCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    const listed = async (client: Shares) =>
      (await client.listSharedCases(all)).sharedCases.map((each) => each.caseId);
    expect(await listed(housing)).toContain(caseId);
    expect(await listed(socialCare)).not.toContain(caseId);
  });

  it('is the case itself but for addresses, with the scope full only', async () => {
    const { caseId } = await allocatedCase(platform);
    using cases = serviceClient(CaseServiceService, platform.case.address, {
      as: 'partner-professional@housing',
    });
    await worker.grantShare(asked(caseId, { scope: 'SHARE_SCOPE_HEALTH' }));
    await expect(cases.getCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    await worker.grantShare(asked(caseId, { scope: 'SHARE_SCOPE_FULL' }));
    const seen = await cases.getCase({ caseId });
    expect(seen.person?.address).toBeUndefined();
    expect(seen.maskedFields).toEqual(['person.address', 'alleged_perpetrators.address']);
    expect((await cases.listContacts({ caseId, ...all })).contacts).toEqual([]);
    const logging = {
      caseId,
      channel: 'CONTACT_CHANNEL_PHONE',
      safe: true,
      twoWay: true,
      supportAccepted: true,
      occurredAt: undefined,
      note: '',
    } as const;
    await expect(cases.logContact(logging)).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('is asked for with the purpose of the grant', async () => {
    const { caseId } = await allocatedCase(platform);
    await worker.grantShare(asked(caseId, { purpose: 'marac' }));
    const asking = (purpose: string) => ({ headers: { 'x-purpose': purpose } });
    await expect(housing.getSharedCase({ caseId }, asking('direct-care'))).rejects.toMatchObject({
      kind: 'not-found',
    });
    expect(await housing.getSharedCase({ caseId }, asking('marac'))).toMatchObject({ caseId });
  });

  it('for health is what a health-navigator sees of it', async () => {
    const { caseId } = await allocatedCase(platform);
    await worker.grantShare(asked(caseId, { organisation: 'ccg' }));
    await expect(navigator.getSharedCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    await worker.grantShare(asked(caseId, { organisation: 'ccg', scope: 'SHARE_SCOPE_HEALTH' }));
    expect(await navigator.getSharedCase({ caseId })).toMatchObject({ scope: 'SHARE_SCOPE_HEALTH' });
  });

  it('ends at its expiry, without a job', async () => {
    const { caseId } = await allocatedCase(platform);
    const { shareGrantId } = await worker.grantShare(asked(caseId));
    await platform.db.shareGrant.update({
      where: { id: shareGrantId },
      data: { expiresAt: new Date(Date.now() - 1) },
    });
    await expect(housing.getSharedCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    expect(await worker.getShareGrant({ shareGrantId })).toMatchObject({
      status: 'SHARE_GRANT_STATUS_EXPIRED',
    });
  });
});

describe('withdrawn consent', () => {
  it('ends what rests on it at once; another basis stands, is marked and decided by its owner', async () => {
    const { caseId } = await allocatedCase(platform);
    const byConsent = await worker.grantShare(asked(caseId));
    const byOrder = await worker.grantShare(
      asked(caseId, { organisation: 'adult-social-care', lawfulBasis: 'LAWFUL_BASIS_COURT_ORDER' }),
    );
    expect(await housing.getSharedCase({ caseId })).toMatchObject({ caseId });
    const keyed = { headers: { 'idempotency-key': randomUUID() } };
    const withdrawn = await worker.withdrawConsent(withdrawing(caseId), keyed);
    expect(withdrawn).toMatchObject({
      endedShareGrantIds: [byConsent.shareGrantId],
      markedShareGrantIds: [byOrder.shareGrantId],
    });
    await expect(housing.getSharedCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    expect(await socialCare.getSharedCase({ caseId })).toMatchObject({ caseId });
    expect(await worker.withdrawConsent(withdrawing(caseId), keyed)).toEqual(withdrawn);

    const { shareGrantId } = byOrder;
    expect(await worker.getShareGrant({ shareGrantId })).toMatchObject({
      status: 'SHARE_GRANT_STATUS_LIVE',
      consentWithdrawnAt: expect.any(Date),
      decisionDueAt: expect.any(Date),
    });
    const deciding = { shareGrantId, keep: true, reason: REASON };
    await expect(otherWorker.decideShareGrant(deciding, ANY)).rejects.toMatchObject({ kind: 'not-found' });
    expect(await worker.decideShareGrant(deciding, ANY)).toMatchObject({
      status: 'SHARE_GRANT_STATUS_LIVE',
      decisionDueAt: undefined,
      decisionReason: REASON,
    });
    expect(await eventsOf(byConsent.shareGrantId)).toEqual([
      [ShareGranted.$type, 1],
      [ShareEnded.$type, 2],
    ]);
    expect(await eventsOf(shareGrantId)).toEqual([
      [ShareGranted.$type, 1],
      [ShareMarked.$type, 2],
    ]);
  });

  it('and grants made at the same time leave nothing live that came before it', async () => {
    const { caseId } = await allocatedCase(platform);
    await Promise.all([
      ...Array.from({ length: 4 }, () => worker.grantShare(asked(caseId))),
      worker.withdrawConsent(withdrawing(caseId)),
    ]);
    const rows = await platform.db.shareGrant.findMany({ where: { caseId }, orderBy: { id: 'asc' } });
    for (const { endedAt, withdrawalId } of rows) expect(endedAt === null).toBe(withdrawalId === null);
    const { endedShareGrantIds } = await worker.withdrawConsent(withdrawing(caseId));
    const live = rows.filter(({ endedAt }) => endedAt === null).map(({ id }) => id);
    expect([...endedShareGrantIds].sort()).toEqual(live.sort());
    await expect(housing.getSharedCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
  });
});
