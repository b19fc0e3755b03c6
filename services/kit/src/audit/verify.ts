import { createHash } from 'node:crypto';
import { auditMark } from '../db/audit-mark.ts';
import type { KeyedDigest } from '../db/keys.ts';
import type { AuditRow } from '../db/types.ts';
import type { CopiedHead } from './heads.ts';
import { canonical, headForm } from './seal-table.ts';

/** What is wrong with an audit trail. Entries are named by id, seals by number. */
export type Finding =
  | { readonly kind: 'changed' | 'removed' | 'inserted' | 'forged' | 'misdated'; readonly entry: string }
  | { readonly kind: 'seal-changed' | 'replaced' | 'cut-tail'; readonly seal: number }
  | { readonly kind: 'seal-removed'; readonly seal: number; readonly through: number };

export interface Verified {
  readonly seals: number;
  /** Entries that the seals cover. */
  readonly entries: number;
  /** Entries that wait for their seal. */
  readonly waiting: number;
  /** Copied heads that were compared with. */
  readonly heads: number;
  /** Entries whose mark was looked at: all, or none without the key. */
  readonly marks: number;
  readonly findings: readonly Finding[];
}

/** A connection to a service's database that may read the audit trail. */
export interface Asked {
  query<Row extends object>(sql: string, values?: unknown[]): Promise<{ readonly rows: Row[] }>;
}

export interface VerifyOptions {
  readonly service: string;
  /** Heads copied outside the database, read before this is called; those of other services are left alone. */
  readonly heads?: readonly CopiedHead[];
  /** The service's lasting digest: shows entries that the service has not written. */
  readonly marks?: KeyedDigest | undefined;
  /** Told after every few seals: how many are done, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

interface SealRow {
  readonly number: number;
  readonly ms: string;
  readonly previous: Buffer;
  readonly head: Buffer;
  readonly ids: readonly string[];
  readonly digests: Buffer;
  readonly written: string;
  readonly seq: string;
  readonly highest: string;
  readonly floor: string;
}

interface EntryRow {
  readonly id: string;
  readonly ms: string;
  readonly text: string;
}

const sealsAtOnce = 10;
const digestBytes = 32;
/** Milliseconds that entries may lie out of order: longer than any call lasts and clocks differ. */
const tolerance = 300_000;

const sealsSql = `SELECT number::float8 AS number, round(extract(epoch FROM sealed_at) * 1000)::bigint::text AS ms, previous,
    head, entry_ids AS ids, digests, through_written::text AS written, through_seq::text AS seq,
    highest_seq::text AS highest, floor_seq::text AS floor
  FROM audit_seal WHERE number > $1::bigint AND number <= $2::bigint ORDER BY number LIMIT ${sealsAtOnce}`;
const entriesSql = `SELECT e.id::text AS id, floor(extract(epoch FROM e.at) * 1000)::bigint::text AS ms, ${canonical} AS text
  FROM audit_entry AS e WHERE e.id = ANY($1::uuid[])`;
const lastSql = `SELECT number::float8 AS number, through_written::text AS written, through_seq::text AS seq,
    floor_seq::text AS floor, highest_seq::text AS highest, (SELECT count(*)::float8 FROM audit_seal) AS total,
    through_written >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS moved
  FROM audit_seal ORDER BY number DESC LIMIT 1`;
// Of a database that was moved, what the present server wrote stands before what the former one wrote.
const waits = `(e.seq > $3::bigint AND (e.written_in, e.seq) > ($1::bigint, $2::bigint)
    OR $4::boolean AND e.seq > $5::bigint)`;
const insertedSql = `SELECT e.id::text AS id FROM audit_entry AS e
  WHERE NOT ${waits} AND NOT EXISTS (
    SELECT 1 FROM (SELECT unnest(entry_ids) AS id FROM audit_seal) AS s WHERE s.id = e.id)
  ORDER BY e.seq`;
const waitingSql = `SELECT e.id::text AS id, floor(extract(epoch FROM e.at) * 1000)::bigint::text AS ms, ${canonical} AS text
  FROM audit_entry AS e WHERE ${waits} ORDER BY e.written_in, e.seq`;

/**
 * Walks the chain of a service's audit trail and computes it again. Finds entries that were changed, removed or put in
 * afterwards, seals that were changed or removed and, by the heads that were copied, a chain that was made anew or ends
 * too early.
 */
export async function verifyTrail(database: Asked, options: VerifyOptions): Promise<Verified> {
  const { onProgress } = options;
  const heads = headsBySeal(options);
  const { rows: lasts } = await database.query<Last>(lastSql);
  const last = lasts[0] ?? nothing;
  const walk = newWalk(options, heads);
  for (;;) {
    const { rows } = await database.query<SealRow>(sealsSql, [walk.number, last.number]);
    if (rows.length === 0) break;
    for (const seal of rows) {
      const { rows: entries } = await database.query<EntryRow>(entriesSql, [seal.ids]);
      takeSeal(walk, seal);
      takeEntries(walk, seal, entries);
    }
    onProgress?.(walk.seals, last.total);
  }
  const highest = Math.max(0, ...heads.keys());
  if (highest > last.number) walk.findings.push({ kind: 'cut-tail', seal: highest });

  const position = [last.written, last.seq, last.floor, last.moved, last.highest];
  const { rows: inserted } = await database.query<{ id: string }>(insertedSql, position);
  for (const { id } of inserted) walk.findings.push({ kind: 'inserted', entry: id });
  const { rows: waiting } = await database.query<EntryRow>(waitingSql, position);
  for (const row of waiting) takeEntry(walk, row, Date.now());
  return {
    seals: walk.seals,
    entries: walk.entries,
    waiting: waiting.length,
    heads: heads.size,
    marks: walk.marks,
    findings: walk.findings,
  };
}

interface Last extends Pick<SealRow, 'number' | 'written' | 'seq' | 'floor' | 'highest'> {
  readonly total: number;
  readonly moved: boolean;
}

const nothing: Last = {
  number: 0,
  written: '0',
  seq: '0',
  floor: '0',
  highest: '0',
  total: 0,
  moved: false,
};

/** How far the chain has been walked. */
interface Walk {
  readonly service: string;
  readonly digest: KeyedDigest | undefined;
  readonly heads: ReadonlyMap<number, ReadonlySet<string>>;
  readonly findings: Finding[];
  number: number;
  head: string;
  seals: number;
  entries: number;
  marks: number;
  /** From here on every entry has a mark. */
  isMarked: boolean;
  /** The latest time of the entries so far. */
  latest: number;
  isReplaced: boolean;
}

const newWalk = ({ service, marks: digest }: VerifyOptions, heads: Walk['heads']): Walk => ({
  service,
  digest,
  heads,
  findings: [],
  number: 0,
  head: '',
  seals: 0,
  entries: 0,
  marks: 0,
  isMarked: false,
  latest: 0,
  isReplaced: false,
});

function headsBySeal({ service, heads = [] }: VerifyOptions): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  for (const { seal, head, service: of } of heads) {
    if (of === service) found.set(seal, (found.get(seal) ?? new Set()).add(head));
  }
  return found;
}

function takeSeal(walk: Walk, seal: SealRow): void {
  const head = seal.head.toString('hex');
  const isGap = seal.number !== walk.number + 1;
  if (isGap) walk.findings.push({ kind: 'seal-removed', seal: walk.number + 1, through: seal.number - 1 });
  const follows = isGap || seal.previous.toString('hex') === walk.head;
  if (!follows || headOf(walk.service, seal) !== head)
    walk.findings.push({ kind: 'seal-changed', seal: seal.number });
  const copies = walk.heads.get(seal.number) ?? new Set([head]);
  // Every head after a replaced one is another, too.
  if (!walk.isReplaced && (copies.size > 1 || !copies.has(head))) {
    walk.findings.push({ kind: 'replaced', seal: seal.number });
    walk.isReplaced = true;
  }
  walk.number = seal.number;
  walk.head = head;
  walk.seals += 1;
}

function headOf(service: string, seal: SealRow): string {
  const { number, previous, ms, written, seq, highest, floor, ids, digests } = seal;
  const text = [
    headForm,
    service,
    number,
    previous.toString('hex'),
    ms,
    written,
    seq,
    highest,
    floor,
    ids.join(','),
  ].join('|');
  return createHash('sha256').update(text).update(digests).digest('hex');
}

function takeEntries(walk: Walk, seal: SealRow, rows: readonly EntryRow[]): void {
  const byId = new Map(rows.map((row) => [row.id, row]));
  seal.ids.forEach((id, index) => {
    const row = byId.get(id);
    walk.entries += 1;
    if (row === undefined) {
      walk.findings.push({ kind: 'removed', entry: id });
      return;
    }
    const digest = createHash('sha256').update(row.text).digest();
    const sealed = seal.digests.subarray(index * digestBytes, (index + 1) * digestBytes);
    if (!digest.equals(sealed)) {
      walk.findings.push({ kind: 'changed', entry: id });
      return;
    }
    takeEntry(walk, row, Number(seal.ms));
  });
}

function takeEntry(walk: Walk, row: EntryRow, sealedBy: number): void {
  if (!isMarked(walk, row)) {
    walk.findings.push({ kind: 'forged', entry: row.id });
    return;
  }
  const ms = Number(row.ms);
  const isLate = ms > sealedBy + tolerance;
  if (isLate || ms < walk.latest - tolerance) walk.findings.push({ kind: 'misdated', entry: row.id });
  if (!isLate) walk.latest = Math.max(walk.latest, ms);
}

// Entries from before there were marks have none; after the first that has one, none is without.
function isMarked(walk: Walk, { text }: EntryRow): boolean {
  if (walk.digest === undefined) return true;
  walk.marks += 1;
  const row: StoredEntry = JSON.parse(text);
  if (row.mark === undefined && !walk.isMarked) return true;
  walk.isMarked = true;
  const { user_name: userName, record_ids: recordIds, filter_digest: filterDigest, trace_id: traceId } = row;
  const said = { ...row, at: new Date(row.at), userName, recordIds, filterDigest, traceId };
  return row.mark === auditMark(walk.digest, said);
}

/** What the canonical text of an entry holds. */
type StoredEntry = Omit<AuditRow, 'at' | 'userName' | 'recordIds' | 'filterDigest' | 'traceId'> & {
  readonly at: number;
  readonly user_name: string;
  readonly record_ids: readonly string[];
  readonly filter_digest?: string;
  readonly trace_id: string;
};
