import { fail, isUniqueViolation, type Keyset, type Tx } from '@midas/kit';
import type { Group, Prisma, PrismaClient } from '../../gen/prisma/client.ts';
import { ofCase } from '../case/case.store.ts';
import type { Attendance, Member } from './group.ts';

type Db = Tx<PrismaClient>;
export type GroupStore = ReturnType<typeof groupStore>;

const withRelations = {
  sentAs: true,
  group: { select: { facilitator: true, organisation: true } },
  case: { select: ofCase },
} as const satisfies Prisma.GroupMemberInclude;

/** A member with what permissions rest on: who runs the group, and whose case the person has. */
export type MemberRow = Prisma.GroupMemberGetPayload<{ include: typeof withRelations }>;

const sessionWithGroup = { group: { select: { facilitator: true, organisation: true } } } as const;
export type SessionRow = Prisma.GroupSessionGetPayload<{ include: typeof sessionWithGroup }>;

/** Groups, their members and sessions in the database. */
export function groupStore() {
  return {
    add: (db: Db, group: Group): Promise<Group> => db.group.create({ data: group }),

    find: (db: Db, id: string): Promise<Group | null> => db.group.findUnique({ where: { id } }),

    /** Groups under a condition, newest first. */
    list: (
      db: Db,
      where: Prisma.GroupWhereInput,
      { where: after, orderBy, take }: Keyset,
    ): Promise<readonly Group[]> => db.group.findMany({ where: { AND: [where, after] }, orderBy, take }),

    /** Joins a person to a group. Fails with conflict `already-a-member`. */
    async join(db: Db, member: Prisma.GroupMemberUncheckedCreateInput): Promise<MemberRow> {
      try {
        return await db.groupMember.create({ data: member, include: withRelations });
      } catch (error) {
        if (!isUniqueViolation(error, 'group_member')) throw error;
        return fail('conflict', 'already-a-member', 'This person is a member of the group already.');
      }
    },

    findMember: (db: Db, id: string): Promise<MemberRow | null> =>
      db.groupMember.findUnique({ where: { id }, include: withRelations }),

    /** Members of a group under a condition. */
    members: (db: Db, groupId: string, where: Prisma.GroupMemberWhereInput): Promise<readonly Member[]> =>
      db.groupMember.findMany({
        where: { AND: [{ groupId }, where] },
        select: { id: true, personId: true },
        orderBy: { id: 'asc' },
      }),

    /** Members of a group under a condition, newest first. */
    listMembers: (
      db: Db,
      groupId: string,
      where: Prisma.GroupMemberWhereInput,
      { where: after, orderBy, take }: Keyset,
    ): Promise<readonly MemberRow[]> =>
      db.groupMember.findMany({
        where: { AND: [{ groupId }, where, after] },
        include: withRelations,
        orderBy,
        take,
      }),

    /** Stores a session and who came. Fails with conflict `session-already-recorded` for the same time again. */
    async addSession(
      db: Db,
      session: Prisma.GroupSessionUncheckedCreateInput,
      attendance: readonly Attendance[],
    ): Promise<SessionRow> {
      const row = await createSession(db, session);
      if (attendance.length > 0) {
        await db.groupAttendance.createMany({
          data: attendance.map((entry) => ({ ...entry, sessionId: session.id })),
        });
      }
      return row;
    },

    findSession: (db: Db, id: string): Promise<SessionRow | null> =>
      db.groupSession.findUnique({ where: { id }, include: sessionWithGroup }),
  };
}

async function createSession(db: Db, data: Prisma.GroupSessionUncheckedCreateInput): Promise<SessionRow> {
  try {
    return await db.groupSession.create({ data, include: sessionWithGroup });
  } catch (error) {
    if (!isUniqueViolation(error, 'group_session')) throw error;
    return fail(
      'conflict',
      'session-already-recorded',
      'A session of this group at this time was recorded already.',
    );
  }
}
