import { type Call, command, enumName, type Handlers, query, type Reader } from '@midas/kit';
import {
  Group,
  GroupMember,
  GroupProgramme,
  type GroupServiceService,
  GroupSession,
} from '@midas/proto/case/v1/case';
import type { Group as GroupRow, PrismaClient } from '../../gen/prisma/client.ts';
import type { CaseStore } from '../case/case.store.ts';
import { refuseClosed } from '../case/case.ts';
import type { PersonStore } from '../person/person.store.ts';
import { publishAttendance } from './group.events.ts';
import type { GroupStore, MemberRow, SessionRow } from './group.store.ts';
import { recordAttendance } from './group.ts';

interface Deps {
  readonly groups: GroupStore;
  readonly cases: CaseStore;
  readonly persons: PersonStore;
  readonly newId: () => string;
}

/** Handlers of group programmes: groups, their members, their sessions. */
export function groupHandlers({
  groups,
  cases,
  persons,
  newId,
}: Deps): Handlers<typeof GroupServiceService, PrismaClient> {
  const show = (call: Call, row: GroupRow): Group => call.show('Group', row, Group, toGroup(row));
  const showMember = (call: Call, row: MemberRow): GroupMember => {
    const { givenName, safeContact } = persons.open(row.sentAs);
    const member = {
      memberId: row.id,
      groupId: row.groupId,
      firstName: givenName,
      safeContact,
      maskedFields: [],
    };
    return call.show('GroupMember', row, GroupMember, member);
  };
  // A session is seen by whoever sees its group.
  const showSession = (call: Call, row: SessionRow): GroupSession =>
    call.show('Group', row.group, GroupSession, toSession(row));

  const readGroup = async (id: string, reader: Reader<PrismaClient>): Promise<GroupRow> =>
    reader.require('read', 'Group', await groups.find(reader.db, id));

  return {
    createGroup: command({
      decide: async ({ programme, name, startsAt }, unit) => {
        const row = await groups.add(unit.db, {
          id: newId(),
          programme: enumName(GroupProgramme, programme),
          name,
          startsAt: startsAt ?? unit.now,
          facilitator: unit.caller.userName,
          organisation: unit.caller.organisation,
          recordedAt: unit.now,
        });
        return { id: row.id, version: 1, answer: show(unit, row) };
      },
      reread: async (id, reader) => show(reader, await readGroup(id, reader)),
    }),

    getGroup: query(async ({ groupId }, reader) => ({
      answer: show(reader, await readGroup(groupId, reader)),
      audit: [groupId],
    })),

    listGroups: query(async ({ pageSize, pageToken }, reader) => {
      const permitted = reader.where('read', 'Group');
      const { rows, nextPageToken } = await reader.page(
        { size: pageSize, token: pageToken, binding: ['groups'] },
        (wanted) => groups.list(reader.db, permitted, wanted),
      );
      return {
        answer: {
          groups: rows.map((row) => show(reader, row)),
          nextPageToken,
        },
        audit: rows.map(({ id }) => id),
      };
    }),

    joinGroup: command({
      decide: async ({ groupId, caseId }, unit) => {
        unit.require('join', 'Group', await groups.find(unit.db, groupId));
        const joining = unit.require('join', 'Case', await cases.lock(unit.db, caseId));
        refuseClosed(joining);
        const row = await groups.join(unit.db, {
          id: newId(),
          groupId,
          caseId,
          personId: joining.personId,
          particularsId: joining.particularsId,
          recordedAt: unit.now,
        });
        return { id: row.id, version: 1, answer: showMember(unit, row), audit: [row.id, groupId, caseId] };
      },
      reread: async (id, reader) =>
        showMember(reader, reader.require('read', 'GroupMember', await groups.findMember(reader.db, id))),
    }),

    listGroupMembers: query(async ({ groupId, pageSize, pageToken }, reader) => {
      await readGroup(groupId, reader);
      const permitted = reader.where('read', 'GroupMember');
      const { rows, nextPageToken } = await reader.page(
        { size: pageSize, token: pageToken, binding: ['group-members', groupId] },
        (wanted) => groups.listMembers(reader.db, groupId, permitted, wanted),
      );
      return {
        answer: {
          members: rows.map((row) => showMember(reader, row)),
          nextPageToken,
        },
        audit: [groupId, ...rows.map(({ id }) => id)],
      };
    }),

    recordGroupSession: command({
      decide: async ({ groupId, heldAt: asked, attendedMemberIds }, unit) => {
        const group = unit.require('attend', 'Group', await groups.find(unit.db, groupId));
        const heldAt = asked ?? unit.now;
        // Of a member whom the facilitator may not know of, nothing is recorded.
        const members = await groups.members(unit.db, groupId, unit.where('read', 'GroupMember'));
        const attendance = recordAttendance(
          { startsAt: group.startsAt, members },
          { heldAt, attendedMemberIds },
          unit.now,
        );
        const attendedCount = attendance.filter(({ attended }) => attended).length;
        const id = newId();
        const row = await groups.addSession(
          unit.db,
          {
            id,
            groupId,
            heldAt,
            attendedCount,
            absentCount: attendance.length - attendedCount,
            recordedAt: unit.now,
          },
          attendance,
        );
        publishAttendance(unit, { id, heldAt, programme: group.programme }, attendance);
        return {
          id,
          version: Math.max(1, attendedCount),
          answer: showSession(unit, row),
          audit: [id, groupId],
        };
      },
      reread: async (id, reader) => {
        const row = await groups.findSession(reader.db, id);
        reader.require('read', 'Group', row?.group);
        if (row === null) throw new Error('a session without a row was permitted');
        return showSession(reader, row);
      },
    }),
  };
}

const toGroup = (row: GroupRow): Group => ({
  groupId: row.id,
  programme: GroupProgramme[row.programme],
  name: row.name,
  startsAt: row.startsAt,
  facilitator: row.facilitator,
  recordedAt: row.recordedAt,
});

const toSession = (row: SessionRow): GroupSession => ({
  sessionId: row.id,
  groupId: row.groupId,
  heldAt: row.heldAt,
  attendedCount: row.attendedCount,
  absentCount: row.absentCount,
  recordedAt: row.recordedAt,
});
