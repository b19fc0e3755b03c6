import {
  auditEntriesOf,
  type Keyset,
  type Reader,
  type Remote,
  type RemoteCall,
  type Retention,
  recordAccess,
  retentionByPerson,
  type SubjectRecords,
} from '@midas/kit';
import {
  Capacity,
  ListSubjectAccessesRequest,
  type RecordAccess,
  SubjectRecord,
  type SubjectRecordsServiceService,
} from '@midas/proto/subject/v1/records';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { particularsOf } from '../person/named.ts';
import type { PersonStore } from '../person/person.store.ts';
import type { RequestRow, SubjectStore } from './subject.store.ts';

export type Everywhere = ReturnType<typeof everywhere>;

interface Deps {
  readonly own: SubjectRecords<PrismaClient>;
  /** The other services of the survivor side. */
  readonly peers: readonly Remote<typeof SubjectRecordsServiceService>[];
  readonly persons: PersonStore;
  readonly store: SubjectStore;
}

/** What all services of the survivor side say of a data subject. If one cannot be asked, none is answered. */
export function everywhere({ own, peers, persons, store }: Deps) {
  return {
    /** Persons that a request concerns: those found when it was opened, and those found since. */
    async concerned(db: PrismaClient, row: RequestRow): Promise<readonly string[]> {
      const found = await persons.known(db, particularsOf(store.openNamed(row)));
      return [...new Set([...row.concerns, ...found])].sort();
    },

    async records(
      call: Reader<PrismaClient>,
      personIds: readonly string[],
    ): Promise<readonly SubjectRecord[]> {
      if (personIds.length === 0) return [];
      const here = await own.find(call.db, personIds);
      const answers = await Promise.all(
        peers.map((peer) => peer.findSubjectRecords({ personIds: [...personIds] }, { call })),
      );
      const ours = here.map(({ id, standing, fields, ...record }) =>
        SubjectRecord.fromPartial({
          ...record,
          recordId: id,
          capacity: Capacity[standing.capacity],
          fields: [...fields],
        }),
      );
      return [...ours, ...answers.flatMap(({ records }) => records)];
    },

    /** One page of who asked for these persons' records, newest first. */
    async accesses(
      call: Reader<PrismaClient>,
      personIds: readonly string[],
      page: Keyset,
    ): Promise<readonly AccessRow[]> {
      if (personIds.length === 0) return [];
      const after = 'OR' in page.where ? page.where.OR[1] : undefined;
      const request = ListSubjectAccessesRequest.fromPartial({
        personIds: [...personIds],
        ...(after && { before: after.recordedAt, beforeId: after.id.lt }),
        limit: page.take,
      });
      const answers = await Promise.all(peers.map((peer) => peer.listSubjectAccesses(request, { call })));
      const named = new Set([...personIds, ...(await own.recordIds(call.db, personIds))]);
      const here = await auditEntriesOf(call.db, { recordIds: [...named], page });
      const ours = here.map((row) => recordAccess(row, named));
      return [...ours, ...answers.flatMap(({ accesses }) => accesses)]
        .map((access) => ({ access, id: access.auditId, recordedAt: access.at ?? call.now }))
        .sort((one, other) => +other.recordedAt - +one.recordedAt || (one.id < other.id ? 1 : -1))
        .slice(0, page.take);
    },

    /** Until when a rule anywhere keeps each person's records; persons of whom nothing is held are left out. */
    async retention(
      db: PrismaClient,
      personIds: readonly string[],
      options: RemoteCall = {},
    ): Promise<readonly Retention[]> {
      if (personIds.length === 0) return [];
      const here = await own.retention(db, personIds);
      const answers = await Promise.all(
        peers.map((peer) => peer.getSubjectRetention({ personIds: [...personIds] }, options)),
      );
      const there = answers.flatMap(({ persons: told }) =>
        told.map(({ personId, keepUntil }) => ({ personId, keepUntil: keepUntil ?? null })),
      );
      return retentionByPerson([...here, ...there]);
    },

    /** Erases in the other services; may be done again. */
    async eraseElsewhere(personIds: readonly string[], options: RemoteCall = {}): Promise<void> {
      await Promise.all(
        peers.map((peer) => peer.eraseSubjectRecords({ personIds: [...personIds] }, options)),
      );
    },

    own,
  };
}

/** One access with the keys that pages are ordered by. */
export interface AccessRow {
  readonly access: RecordAccess;
  readonly id: string;
  readonly recordedAt: Date;
}
