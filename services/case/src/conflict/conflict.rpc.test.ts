import { serviceClient, type TestClient, testToken } from '@midas/kit/testing';
import {
  BreakGlassServiceService,
  CallerFactsServiceService,
  ConflictBlockServiceService,
  PersonNamed,
  ShareServiceService,
} from '@midas/proto/case/v1/access';
import { CaseServiceService, GroupServiceService } from '@midas/proto/case/v1/case';
import type { Particulars } from '@midas/proto/common/v1/people';
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
let officer: TestClient<typeof ConflictBlockServiceService>;
let worker: TestClient<typeof CaseServiceService>;
const ANY = { headers: { 'if-match': '*' } };
const all = { pageSize: 200, pageToken: '' };
const reason = 'They are cousins';

beforeAll(async () => {
  platform = await startPlatform();
  officer = serviceClient(ConflictBlockServiceService, platform.case.address, {
    as: 'information-governance@council',
  });
  worker = serviceClient(CaseServiceService, platform.case.address, { as: 'case-worker@provider' });
});
afterAll(async () => {
  for (const client of [officer, worker]) client?.[Symbol.dispose]();
  await platform?.[Symbol.asyncDispose]();
});

const named = ({ givenName, familyName, birthDate, nhsNumber }: Particulars): PersonNamed =>
  PersonNamed.fromPartial({ givenName, familyName, birthDate, nhsNumber });
const block = (userName: string, person: Particulars) =>
  officer.blockUser({ userName, person: named(person), reason });
const listed = async () =>
  (await worker.listCases({ ...all, status: 'CASE_STATUS_UNSPECIFIED', referralId: '' })).cases.map(
    ({ caseId }) => caseId,
  );

/** A case of two invented people, allocated to the worker. */
async function caseWith(person: Particulars, alleged: Particulars) {
  const { caseId } = await caseOf(platform, await acceptedReferral(platform, person, [alleged]));
  using manager = serviceClient(CaseServiceService, platform.case.address, {
    as: 'service-manager@provider',
  });
  const allocation = { caseId, worker: 'case-worker@provider', team: 'idva', occurredAt: undefined };
  await manager.allocateCase(allocation, ANY);
  return caseId;
}

describe('a conflict of interest', () => {
  it('takes an assigned case at once, contacts, shares and lists included, until it ends', async () => {
    const person = invented();
    const { caseId } = await allocatedCase(platform, person);
    using shares = serviceClient(ShareServiceService, platform.case.address, { as: 'case-worker@provider' });
    expect(await listed()).toContain(caseId);
    const { conflictBlockId } = await block('Case-Worker@provider', person);
    await expect(worker.getCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(worker.listContacts({ caseId, ...all })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(shares.listShareGrants({ caseId, ...all })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(shares.withdrawConsent({ caseId, occurredAt: undefined })).rejects.toMatchObject({
      kind: 'not-found',
    });
    expect(await listed()).not.toContain(caseId);
    expect(await officer.endConflictBlock({ conflictBlockId }, ANY)).toMatchObject({
      endedAt: expect.any(Date),
    });
    expect(await worker.getCase({ caseId })).toMatchObject({ caseId });
    await expect(officer.endConflictBlock({ conflictBlockId }, ANY)).rejects.toMatchObject({
      slug: 'block-ended',
    });
  });

  it('with an alleged perpetrator takes the case too', async () => {
    const [person, alleged] = [invented(), invented()];
    const caseId = await caseWith(person, alleged);
    await block('case-worker@provider', alleged);
    await expect(worker.getCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    using risk = serviceClient(CallerFactsServiceService, platform.case.address, { as: { service: 'risk' } });
    const user = `Bearer ${await testToken('case-worker@provider')}`;
    const facts = await risk.getCallerFacts({}, { headers: { 'x-user-authorization': user } });
    expect(facts.relations.map((relation) => relation.caseId)).not.toContain(caseId);
    const { concerns } = await platform.db.case.findUniqueOrThrow({ where: { id: caseId } });
    expect(facts.blockedPersonIds.some((id) => concerns.includes(id))).toBe(true);
  });

  it('with somebody nobody knows yet holds from the first record on', async () => {
    const person = invented();
    await block('case-worker@provider', person);
    const { caseId } = await allocatedCase(platform, person);
    await expect(worker.getCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('named by a number and a name that are known as two people is with both', async () => {
    const [byNumber, byName] = [invented({ nhsNumber: '9434765919' }), invented()];
    const ids = [
      (await allocatedCase(platform, byNumber)).caseId,
      (await allocatedCase(platform, byName)).caseId,
    ];
    await block('case-worker@provider', { ...byName, nhsNumber: '9434765919' });
    for (const caseId of ids) {
      await expect(worker.getCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    }
  });

  it('beats an opening in an emergency, and the opening answers as ever', async () => {
    const person = invented();
    const { caseId } = await allocatedCase(platform, person);
    await block('case-worker-2@provider', person);
    using openings = serviceClient(BreakGlassServiceService, platform.case.address, {
      as: 'case-worker-2@provider',
    });
    using cases = serviceClient(CaseServiceService, platform.case.address, {
      as: 'case-worker-2@provider',
    });
    const asked = { person: named(person), reason: 'She called and is in danger now.' };
    const { breakGlassId } = await openings.openBreakGlass(asked);
    expect(await openings.getBreakGlass({ breakGlassId })).toMatchObject({ breakGlassId });
    await expect(cases.getCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('hides a member from the facilitator of the group, and records nothing of that member', async () => {
    const person = invented();
    const [hidden, seen] = [await allocatedCase(platform, person), await allocatedCase(platform)];
    using groups = serviceClient(GroupServiceService, platform.case.address, {
      as: 'group-facilitator@provider',
    });
    using manager = serviceClient(GroupServiceService, platform.case.address, {
      as: 'service-manager@provider',
    });
    const startsAt = new Date('2018-02-06T10:00:00Z');
    const { groupId } = await groups.createGroup({
      programme: 'GROUP_PROGRAMME_FREEDOM',
      name: 'Tuesdays',
      startsAt,
    });
    const [blocked, member] = [
      await manager.joinGroup({ groupId, caseId: hidden.caseId }),
      await manager.joinGroup({ groupId, caseId: seen.caseId }),
    ];
    await block('group-facilitator@provider', person);
    const { members } = await groups.listGroupMembers({ groupId, ...all });
    expect(members.map(({ memberId }) => memberId)).toEqual([member.memberId]);
    const held = { groupId, heldAt: startsAt };
    await expect(
      groups.recordGroupSession({ ...held, attendedMemberIds: [blocked.memberId] }),
    ).rejects.toMatchObject({ slug: 'not-a-member' });
    expect(await groups.recordGroupSession({ ...held, attendedMemberIds: [] })).toMatchObject({
      attendedCount: 0,
      absentCount: 1,
    });
  });
});

describe('blocks', () => {
  it('are kept by information-governance, by nobody else', async () => {
    const { conflictBlockId } = await block('volunteer@provider', invented());
    expect(await officer.getConflictBlock({ conflictBlockId })).toMatchObject({
      userName: 'volunteer@provider',
      reason,
      blockedBy: 'information-governance@council',
    });
    const blocks = (await officer.listConflictBlocks(all)).conflictBlocks;
    expect(blocks.map((each) => each.conflictBlockId)).toContain(conflictBlockId);
    for (const as of ['case-worker@provider', 'service-manager@provider', 'referrer@police']) {
      using client = serviceClient(ConflictBlockServiceService, platform.case.address, { as });
      await expect(client.getConflictBlock({ conflictBlockId })).rejects.toMatchObject({ kind: 'forbidden' });
    }
  });

  it('are on the user that was meant, whatever capitals and blanks were typed', async () => {
    const { userName } = await officer.blockUser({
      userName: ' Volunteer@Provider ',
      person: named(invented()),
      reason,
    });
    expect(userName).toBe('volunteer@provider');
  });

  it('answer alike whether or not the person was known', async () => {
    const person = invented();
    await allocatedCase(platform, person);
    const [known, unknown] = [
      await block('volunteer@provider', person),
      await block('volunteer@provider', invented()),
    ];
    const plain = (answer: typeof known) => ({ ...answer, conflictBlockId: '', blockedAt: undefined });
    expect(plain(known)).toEqual(plain(unknown));
  });

  it('are neither seen nor ended by whom they are on', async () => {
    const { conflictBlockId } = await block('information-governance@provider', invented());
    using onSelf = serviceClient(ConflictBlockServiceService, platform.case.address, {
      as: 'information-governance@provider',
    });
    await expect(onSelf.getConflictBlock({ conflictBlockId })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(onSelf.endConflictBlock({ conflictBlockId }, ANY)).rejects.toMatchObject({
      kind: 'not-found',
    });
  });
});
