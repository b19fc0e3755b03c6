import { type Call, command, fail, type Handlers, query, type Reader, type Unit } from '@midas/kit';
import {
  LegalHold,
  SubjectExport,
  SubjectRequest,
  SubjectReview,
  type SubjectServiceService,
} from '@midas/proto/case/v1/subject';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { particularsOf } from '../person/named.ts';
import type { PersonStore } from '../person/person.store.ts';
import type { Everywhere } from './subject.everywhere.ts';
import type { HoldRow, RequestRow, SubjectStore } from './subject.store.ts';
import { dueAt, releasedRecords, reviewPieces, STATEMENTS } from './subject.ts';

type SubjectHandlers = Pick<
  Handlers<typeof SubjectServiceService, PrismaClient>,
  | 'openSubjectRequest'
  | 'getSubjectRequest'
  | 'listSubjectRequests'
  | 'getSubjectReview'
  | 'decideSubjectItems'
  | 'exportSubject'
  | 'listRecordAccesses'
  | 'eraseSubject'
  | 'placeLegalHold'
  | 'getLegalHold'
  | 'listLegalHolds'
  | 'liftLegalHold'
>;

interface Deps {
  readonly store: SubjectStore;
  readonly all: Everywhere;
  readonly persons: PersonStore;
  readonly newId: () => string;
}

type Reads = Reader<PrismaClient>;

/** Handlers of data subjects' requests: copy, review, accesses, holds, erasure. */
export function subjectHandlers({ store, all, persons, newId }: Deps): SubjectHandlers {
  const load = async (call: Reads, action: string, id: string): Promise<RequestRow> =>
    call.require(action, 'SubjectRequest', await store.findRequest(call.db, id));
  /** Whom a request concerns by now. Somebody with a conflict of interest with one found since is refused, too. */
  const concernedIn = async (call: Reads, action: string, row: RequestRow): Promise<readonly string[]> => {
    const concerns = await all.concerned(call.db, row);
    call.require(action, 'SubjectRequest', { ...row, concerns });
    return concerns;
  };
  const reread = async (id: string, call: Reads) => show(call, await load(call, 'read', id));
  const rereadHold = async (id: string, call: Reads) =>
    showHold(call, store, call.require('read', 'LegalHold', await store.findHold(call.db, id)));

  return {
    openSubjectRequest: command({
      decide: async ({ person, reference }, unit) => {
        const named = person ?? fail('invalid', 'person-missing', 'Say whom the request is about.');
        const concerns = await persons.known(unit.db, particularsOf(named));
        const { organisation, userName: openedBy } = unit.caller;
        const request = { id: newId(), reference, openedBy, organisation, named, concerns, now: unit.now };
        const row = await store.addRequest(unit.db, request);
        return { id: row.id, version: row.version, answer: show(unit, row), audit: [row.id, ...concerns] };
      },
      reread,
    }),

    getSubjectRequest: query(async ({ subjectRequestId: id }, call) => ({
      answer: await reread(id, call),
      audit: [id],
    })),

    listSubjectRequests: query(async ({ pageSize: size, pageToken: token }, call) => {
      const permitted = call.where('read', 'SubjectRequest');
      const found = await call.page({ size, token, binding: ['subject-requests'] }, (keyset) =>
        store.listRequests(call.db, permitted, keyset),
      );
      return {
        answer: {
          subjectRequests: found.rows.map((row) => show(call, row)),
          nextPageToken: found.nextPageToken,
        },
        audit: found.rows.map(({ id }) => id),
      };
    }),

    getSubjectReview: query(async ({ subjectRequestId: id }, call) => {
      const row = await load(call, 'review', id);
      const concerned = await concernedIn(call, 'review', row);
      const records = await all.records(call, concerned);
      const items = reviewPieces(records, await store.decisions(call.db, id));
      const message = SubjectReview.fromPartial({ items: [...items] });
      return {
        answer: call.show('SubjectRequest', row, SubjectReview, message),
        audit: [id, ...concerned, ...records.map(({ recordId }) => recordId)],
        etag: false,
      };
    }),

    decideSubjectItems: command({
      decide: async ({ subjectRequestId: id, decisions }, unit) => {
        const row = unit.require('review', 'SubjectRequest', await store.lockRequest(unit.db, id));
        unit.match(show(unit, row));
        const by = { userName: unit.caller.userName, at: unit.now };
        const decided = await store.decide(unit.db, id, decisions, by);
        return { id, version: decided.version, answer: show(unit, decided) };
      },
      reread,
    }),

    exportSubject: query(async ({ subjectRequestId: id }, call) => {
      const row = await load(call, 'export', id);
      const concerned = await concernedIn(call, 'export', row);
      const held = await all.records(call, concerned);
      const records = releasedRecords(held, await store.decisions(call.db, id));
      const message = SubjectExport.fromPartial({
        subjectRequestId: id,
        madeAt: call.now,
        statements: [...STATEMENTS],
        records: [...records],
      });
      return {
        answer: call.show('SubjectRequest', row, SubjectExport, message),
        audit: [id, ...concerned, ...records.map(({ recordId }) => recordId)],
        etag: false,
      };
    }),

    listRecordAccesses: query(async (request, call) => {
      const row = await load(call, 'audit', request.subjectRequestId);
      const concerned = await concernedIn(call, 'audit', row);
      const asked = { size: request.pageSize, token: request.pageToken, binding: ['accesses', row.id] };
      const found = await call.page(asked, (keyset) => all.accesses(call, concerned, keyset));
      return {
        answer: {
          accesses: found.rows.map(({ access }) => access),
          nextPageToken: found.nextPageToken,
        },
        audit: [row.id, ...concerned],
      };
    }),

    eraseSubject: command({
      prepare: async ({ subjectRequestId: id }, call) => {
        const concerned = await concernedIn(call, 'erase', await load(call, 'erase', id));
        const kept = await all.retention(call.db, concerned, { call });
        return { concerned, isOpen: kept.some(({ keepUntil }) => keepUntil === null) };
      },
      decide: async ({ subjectRequestId: id, reason }, unit, { concerned, isOpen }) => {
        const row = unit.require('erase', 'SubjectRequest', await store.lockRequest(unit.db, id));
        unit.match(show(unit, row));
        if (row.erasure !== null)
          return fail('conflict', 'erasure-started', 'The erasure of this request was started already.');
        if ((await store.held(unit.db, concerned)).size > 0)
          return fail('conflict', 'legal-hold', 'A legal hold stands on this person. Lift it first.');
        if (isOpen)
          return fail('conflict', 'case-open', 'A case that concerns this person is open. Close it first.');
        const erasure = { id: newId(), reason, now: unit.now };
        const erased = await store.startErasure(unit.db, { id, concerns: concerned }, erasure);
        return { id, version: erased.version, answer: show(unit, erased), audit: [id, ...concerned] };
      },
      reread,
    }),

    placeLegalHold: command({
      prepare: async ({ subjectRequestId: id }, call) =>
        concernedIn(call, 'hold', await load(call, 'hold', id)),
      decide: async ({ subjectRequestId: id, reason }, unit, concerns) => {
        const row = unit.require('hold', 'SubjectRequest', await store.lockRequest(unit.db, id));
        if (row.erasure !== null)
          return fail('conflict', 'erasure-started', 'The erasure of this request was started already.');
        const hold = {
          id: newId(),
          requestId: id,
          concerns,
          reason,
          placedBy: unit.caller.userName,
          now: unit.now,
        };
        const placed = await store.addHold(unit.db, hold);
        return answered(unit, store, placed, concerns);
      },
      reread: rereadHold,
    }),

    getLegalHold: query(async ({ legalHoldId: id }, call) => ({
      answer: await rereadHold(id, call),
      audit: [id],
    })),

    listLegalHolds: query(async ({ pageSize: size, pageToken: token }, call) => {
      const permitted = call.where('read', 'LegalHold');
      const found = await call.page({ size, token, binding: ['legal-holds'] }, (keyset) =>
        store.listHolds(call.db, permitted, keyset),
      );
      return {
        answer: {
          legalHolds: found.rows.map((row) => showHold(call, store, row)),
          nextPageToken: found.nextPageToken,
        },
        audit: found.rows.map(({ id }) => id),
      };
    }),

    liftLegalHold: command({
      decide: async ({ legalHoldId: id }, unit) => {
        const row = unit.require('hold', 'LegalHold', await store.findHold(unit.db, id));
        unit.match(showHold(unit, store, row));
        if (row.liftedAt !== null) return fail('conflict', 'hold-lifted', 'This hold was lifted already.');
        const lifted = await store.liftHold(unit.db, id, { userName: unit.caller.userName, at: unit.now });
        return answered(unit, store, lifted, []);
      },
      reread: rereadHold,
    }),
  };
}

const answered = (
  unit: Unit<PrismaClient>,
  store: SubjectStore,
  hold: HoldRow,
  concerns: readonly string[],
) => ({
  id: hold.id,
  version: hold.version,
  answer: showHold(unit, store, hold),
  audit: [hold.id, hold.requestId, ...concerns],
});

const show = (call: Call, row: RequestRow): SubjectRequest =>
  call.show('SubjectRequest', row, SubjectRequest, {
    subjectRequestId: row.id,
    reference: row.reference,
    openedBy: row.openedBy,
    organisation: row.organisation,
    openedAt: row.openedAt,
    dueAt: dueAt(row.openedAt),
    erasureStartedAt: row.erasure?.askedAt,
    erasedAt: row.erasure?.doneAt ?? undefined,
  });

const showHold = (call: Call, store: SubjectStore, row: HoldRow): LegalHold =>
  call.show('LegalHold', row, LegalHold, {
    legalHoldId: row.id,
    subjectRequestId: row.requestId,
    reason: store.openHoldReason(row),
    placedBy: row.placedBy,
    placedAt: row.placedAt,
    liftedBy: row.liftedBy ?? '',
    liftedAt: row.liftedAt ?? undefined,
    maskedFields: [],
  });
