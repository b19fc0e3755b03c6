import type { KeyedDigest, NamedDigest, Sealer, Tx } from '@midas/kit';
import { Particulars } from '@midas/proto/common/v1/people';
import type { PersonParticulars, PrismaClient } from '../../gen/prisma/client.ts';
import { type KeyKind, partsOf, personKeys, resolve, type Sending } from './person.ts';

type Db = Tx<PrismaClient>;
export type PersonStore = ReturnType<typeof personStore>;

interface Deps {
  readonly sealer: Sealer;
  /** A keyed digest by purpose; equal values give equal digests. */
  readonly blindIndex: KeyedDigest;
  readonly newId: () => string;
}

/** What persons were sent with, e.g. an incident and its id. */
export interface Source {
  readonly kind: string;
  readonly id: string;
}

export interface ResolvedSending {
  readonly part: string;
  readonly personId: string;
  /** Row that holds the particulars as sent. */
  readonly particularsId: string;
}

/** A key of a person as it is written now, and as it stands where another key of the ring wrote it. */
interface IndexedKey {
  readonly kind: KeyKind;
  readonly name: string;
  readonly written: NamedDigest;
  readonly before: readonly NamedDigest[];
}

/** Who is who, in the database: particulars sealed, what persons are recognised by as blind indexes. */
export function personStore({ sealer, blindIndex, newId }: Deps) {
  const column = sealer.column('person_particulars', 'particulars');

  const index = (particulars: Particulars): readonly IndexedKey[] =>
    personKeys(particulars).map(({ kind, value }) => {
      const [written, ...before] = blindIndex.every(`person-key ${kind}`, value);
      return { kind, written, before, name: nameOf(kind, written.digest) };
    });

  /** Persons found under these keys, by the name of the key as it is written now. */
  async function ownersOf(db: Db, keys: readonly IndexedKey[]): Promise<ReadonlyMap<string, string>> {
    if (keys.length === 0) return new Map();
    // By every digest that a key may stand under, the name of the key as it is written now.
    const nameUnder = new Map(
      keys.flatMap(({ kind, name, written, before }) =>
        [written, ...before].map(({ digest }) => [nameOf(kind, digest), { kind, digest, name }] as const),
      ),
    );
    const found = await db.personKey.findMany({
      where: { OR: [...nameUnder.values()].map(({ kind, digest }) => ({ kind, digest })) },
    });
    return new Map(
      found.map(({ kind, digest, personId }) => [nameUnder.get(nameOf(kind, digest))?.name ?? '', personId]),
    );
  }

  /** Persons already answered for these parts, or found under these keys. */
  async function lookUp(db: Db, source: Source, parts: readonly string[], keys: readonly IndexedKey[]) {
    const answered = await db.personParticulars.findMany({
      where: { sourceKind: source.kind, sourceId: source.id, part: { in: [...parts] } },
      select: { part: true, personId: true, id: true },
    });
    const unique = new Map(keys.map((key) => [key.name, key]));
    const known = await ownersOf(db, [...unique.values()]);
    return { answered, known, unique };
  }

  return {
    /**
     * Finds or records the persons that a source sent, within the caller's transaction; one answer a sending,
     * in order. Two resolutions that share a key or a source wait for each other, so the same new person
     * is never made twice; the unique indexes stand behind that.
     */
    async resolve(
      db: Db,
      source: Source,
      sendings: readonly Sending[],
      now: Date,
    ): Promise<readonly ResolvedSending[]> {
      const parts = partsOf(sendings.map(({ role }) => role));
      const keysOf = sendings.map(({ particulars }) => index(particulars));
      const allKeys = keysOf.flat();
      const locks = [
        ...blindIndex.every('person-source', `${source.kind}|${source.id}`),
        ...allKeys.flatMap(({ written, before }) => [written, ...before]),
      ];
      await lockAll(
        db,
        locks.map(({ digest }) => digest),
      );
      const { answered, known, unique } = await lookUp(db, source, parts, allKeys);
      const resolution = resolve(
        parts.map((part, place) => ({ part, keys: (keysOf[place] ?? []).map(({ name }) => name) })),
        new Map(answered.map(({ part, personId }) => [part, personId])),
        known,
        newId,
      );
      if (resolution.newPersons.length > 0) {
        await db.person.createMany({ data: resolution.newPersons.map((id) => ({ id, recordedAt: now })) });
      }
      if (resolution.newKeys.size > 0) {
        await db.personKey.createMany({
          data: [...resolution.newKeys].flatMap(([name, personId]) => {
            const key = unique.get(name);
            return key === undefined ? [] : [{ kind: key.kind, ...key.written, personId }];
          }),
        });
      }
      const rowOf = new Map(answered.map(({ part, id }) => [part, id]));
      const kept = sendings.flatMap(({ particulars }, place) => {
        const part = parts[place];
        const personId = part === undefined ? undefined : resolution.personOf.get(part);
        if (part === undefined || personId === undefined || !resolution.kept.includes(part)) return [];
        const id = newId();
        rowOf.set(part, id);
        return [
          {
            id,
            personId,
            sourceKind: source.kind,
            sourceId: source.id,
            part,
            particulars: column.seal(id, Particulars, particulars),
            recordedAt: now,
          },
        ];
      });
      if (kept.length > 0) await db.personParticulars.createMany({ data: kept });
      return parts.map((part) => ({
        part,
        personId: present(resolution.personOf.get(part)),
        particularsId: present(rowOf.get(part)),
      }));
    },

    /**
     * Writes the keys of the next sendings after the id `after` as the key in force makes them. A row changes its
     * digest where it stands, so whoever looks for both finds it once at any moment. Returns the id of the last sending.
     */
    async reindex(db: Db, after: string, limit: number): Promise<string | undefined> {
      const rows = await db.personParticulars.findMany({
        where: { id: { gt: after } },
        select: { id: true, particulars: true },
        orderBy: { id: 'asc' },
        take: limit,
      });
      const opened = rows.map((row) => column.open(row.id, Particulars, row.particulars));
      await rewrite(db, opened.flatMap(index).flatMap(changesOf));
      return rows.at(-1)?.id;
    },

    /** Persons known by these particulars, by the stronger key first. One look-up, and nothing is recorded. */
    async known(db: Db, particulars: Particulars): Promise<readonly string[]> {
      const keys = index(particulars);
      const owners = await ownersOf(db, keys);
      return [...new Set(keys.flatMap(({ name }) => owners.get(name) ?? []))];
    },

    /** The particulars of one sending, opened. */
    open: (row: Pick<PersonParticulars, 'id' | 'particulars'>): Particulars =>
      column.open(row.id, Particulars, row.particulars),
  };
}

interface Change {
  readonly kind: KeyKind;
  readonly old: string;
  readonly digest: string;
  readonly key_id: string;
}

const hex = (digest: Uint8Array): string => Buffer.from(digest).toString('hex');

/** The rows in which a key may stand, and how it is written now; the same digest still gets the name of its key. */
const changesOf = ({ kind, written, before }: IndexedKey): readonly Change[] =>
  [written, ...before].map(({ digest }) => ({
    kind,
    old: hex(digest),
    digest: hex(written.digest),
    key_id: written.keyId,
  }));

async function rewrite(db: Db, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  await db.$executeRaw`
    UPDATE person_key AS k SET digest = decode(c.digest, 'hex'), key_id = c.key_id
    FROM (SELECT DISTINCT kind, old, digest, key_id
      FROM json_to_recordset(${JSON.stringify(changes)}::json) AS r(kind text, old text, digest text, key_id text)) AS c
    WHERE k.kind = c.kind AND k.digest = decode(c.old, 'hex') AND k.key_id IS DISTINCT FROM c.key_id
      AND (c.old = c.digest
        OR NOT EXISTS (SELECT FROM person_key AS n WHERE n.kind = c.kind AND n.digest = decode(c.digest, 'hex')))`;
}

const nameOf = (kind: string, digest: Uint8Array): string =>
  `${kind} ${Buffer.from(digest).toString('base64')}`;

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('a part was not resolved');
  return value;
};

/** Holds a lock for each digest until the transaction ends, always in the same order. */
async function lockAll(db: Db, digests: readonly Uint8Array[]): Promise<void> {
  const names = digests.map((digest) => Buffer.from(digest).readBigInt64BE(0).toString());
  await db.$executeRaw`
    SELECT pg_advisory_xact_lock(name)
    FROM (SELECT DISTINCT unnest(${names}::text[])::bigint AS name ORDER BY 1) AS names`;
}
