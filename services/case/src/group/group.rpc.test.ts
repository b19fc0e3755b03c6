import { randomUUID } from 'node:crypto';
import { serviceClient, type TestClient } from '@midas/kit/testing';
import { CaseServiceService, GroupProgramme, GroupServiceService } from '@midas/proto/case/v1/case';
import { GroupSessionAttended } from '@midas/proto/case/v1/events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allocatedCase, invented, type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
let facilitator: TestClient<typeof GroupServiceService>;
let worker: TestClient<typeof GroupServiceService>;
let manager: TestClient<typeof GroupServiceService>;

beforeAll(async () => {
  platform = await startPlatform();
  const as = (user: string) => serviceClient(GroupServiceService, platform.case.address, { as: user });
  facilitator = as('group-facilitator@provider');
  worker = as('case-worker@provider');
  manager = as('service-manager@provider');
});
afterAll(async () => {
  for (const client of [facilitator, worker, manager]) client?.[Symbol.dispose]();
  await platform?.[Symbol.asyncDispose]();
});

const startsAt = new Date('2018-02-06T10:00:00Z');
const newGroup = () =>
  facilitator.createGroup({ programme: GroupProgramme.FREEDOM, name: 'Tuesdays', startsAt });
const membersOf = (groupId: string) => ({ groupId, pageSize: 0, pageToken: '' });

/** A group and as many members as asked. */
async function groupOf(count: number) {
  const { groupId } = await newGroup();
  const members = [];
  for (let place = 0; place < count; place++) {
    const { caseId } = await allocatedCase(platform);
    members.push(await worker.joinGroup({ groupId, caseId }));
  }
  return { groupId, memberIds: members.map(({ memberId }) => memberId) };
}

describe('a group', () => {
  it('shows its facilitator first names and safe contact of members, nothing more', async () => {
    const { groupId } = await newGroup();
    const { caseId } = await allocatedCase(platform, invented({ givenName: 'Grace' }));
    await manager.joinGroup({ groupId, caseId });
    const { members } = await facilitator.listGroupMembers(membersOf(groupId));
    expect(members).toEqual([
      {
        memberId: expect.any(String),
        groupId,
        firstName: 'Grace',
        safeContact: { phone: 'CONTACT_SAFETY_SAFE', note: 'After four, ask for the library' },
        maskedFields: [],
      },
    ]);
    using cases = serviceClient(CaseServiceService, platform.case.address, {
      as: 'group-facilitator@provider',
    });
    await expect(cases.getCase({ caseId })).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('is joined from the assigned case only, once a person, and not by its facilitator', async () => {
    const { groupId } = await newGroup();
    const { caseId } = await allocatedCase(platform);
    using otherWorker = serviceClient(GroupServiceService, platform.case.address, {
      as: 'case-worker-2@provider',
    });
    await expect(otherWorker.joinGroup({ groupId, caseId })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(facilitator.joinGroup({ groupId, caseId })).rejects.toMatchObject({ kind: 'forbidden' });
    await worker.joinGroup({ groupId, caseId });
    await expect(worker.joinGroup({ groupId, caseId })).rejects.toMatchObject({ slug: 'already-a-member' });
    await expect(worker.joinGroup({ groupId: randomUUID(), caseId })).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  it('is made by a facilitator only', async () => {
    await expect(
      worker.createGroup({ programme: GroupProgramme.FREEDOM, name: 'Mine', startsAt }),
    ).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

describe('a session', () => {
  it('tells once of each person who attended, in consecutive versions', async () => {
    const { groupId, memberIds } = await groupOf(3);
    const attendedMemberIds = memberIds.slice(0, 2);
    const session = await facilitator.recordGroupSession({ groupId, heldAt: startsAt, attendedMemberIds });
    expect(session).toMatchObject({ attendedCount: 2, absentCount: 1, heldAt: startsAt });
    const rows = await platform.db.outboxEvent.findMany({
      where: { aggregateId: session.sessionId },
      orderBy: { aggregateVersion: 'asc' },
    });
    expect(rows.map(({ aggregateVersion }) => aggregateVersion)).toEqual([1, 2]);
    const told = rows.map((row) => GroupSessionAttended.decode(row.payload));
    const persons = await platform.db.groupMember.findMany({ where: { id: { in: attendedMemberIds } } });
    expect(told.map(({ personId }) => personId).sort()).toEqual(
      persons.map(({ personId }) => personId).sort(),
    );
    for (const event of told)
      expect(event).toMatchObject({ programme: 'GROUP_PROGRAMME_FREEDOM', heldAt: startsAt });
  });

  it('at the same time again is refused, once and at once', async () => {
    const { groupId, memberIds } = await groupOf(1);
    const request = { groupId, heldAt: startsAt, attendedMemberIds: memberIds };
    const tries = await Promise.allSettled(
      Array.from({ length: 5 }, () => facilitator.recordGroupSession(request)),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of tries) {
      if (each.status === 'rejected') {
        expect(each.reason).toMatchObject({ kind: 'conflict', slug: 'session-already-recorded' });
      }
    }
    expect(await platform.db.groupSession.count({ where: { groupId } })).toBe(1);
  });

  it('of nobody is recorded and tells nothing', async () => {
    const { groupId } = await newGroup();
    const session = await facilitator.recordGroupSession({
      groupId,
      heldAt: startsAt,
      attendedMemberIds: [],
    });
    expect(await platform.db.outboxEvent.count({ where: { aggregateId: session.sessionId } })).toBe(0);
  });

  it('names a stranger by place, and records nothing', async () => {
    const { groupId, memberIds } = await groupOf(1);
    const attendedMemberIds = [...memberIds, randomUUID()];
    await expect(
      facilitator.recordGroupSession({ groupId, heldAt: startsAt, attendedMemberIds }),
    ).rejects.toMatchObject({
      kind: 'invalid',
      violations: [{ field: 'attended_member_ids[1]' }],
    });
  });

  it('is not recorded by a manager', async () => {
    const { groupId } = await newGroup();
    await expect(
      manager.recordGroupSession({ groupId, heldAt: startsAt, attendedMemberIds: [] }),
    ).rejects.toMatchObject({ kind: 'forbidden' });
  });
});
