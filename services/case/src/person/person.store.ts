import type { KeyedDigest, Sealer, Tx } from '@midas/kit';
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

interface IndexedKey {
  readonly kind: KeyKind;
  readonly digest: Uint8Array<ArrayBuffer>;
  readonly name: string;
}

/** Who is who, in the database: particulars sealed, what persons are recognised by as blind indexes. */
export function personStore({ sealer, blindIndex, newId }: Deps) {
  const column = sealer.column('person_particulars', 'particulars');

  const index = (sending: Sending): readonly IndexedKey[] =>
    personKeys(sending.particulars).map(({ kind, value }) => {
      const digest = blindIndex(`person-key ${kind}`, value);
      return { kind, digest, name: nameOf(kind, digest) };
    });

  /** Persons already answered for these parts, or found under these keys. */
  async function lookUp(db: Db, source: Source, parts: readonly string[], keys: readonly IndexedKey[]) {
    const answered = await db.personParticulars.findMany({
      where: { sourceKind: source.kind, sourceId: source.id, part: { in: [...parts] } },
      select: { part: true, personId: true, id: true },
    });
    const unique = new Map(keys.map((key) => [key.name, key]));
    const known =
      unique.size === 0
        ? []
        : await db.personKey.findMany({
            where: { OR: [...unique.values()].map(({ kind, digest }) => ({ kind, digest })) },
          });
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
      const keysOf = sendings.map(index);
      const allKeys = keysOf.flat();
      await lockAll(db, [
        blindIndex('person-source', `${source.kind}|${source.id}`),
        ...allKeys.map(({ digest }) => digest),
      ]);
      const { answered, known, unique } = await lookUp(db, source, parts, allKeys);
      const resolution = resolve(
        parts.map((part, place) => ({ part, keys: (keysOf[place] ?? []).map(({ name }) => name) })),
        new Map(answered.map(({ part, personId }) => [part, personId])),
        new Map(known.map(({ kind, digest, personId }) => [nameOf(kind, digest), personId])),
        newId,
      );
      if (resolution.newPersons.length > 0) {
        await db.person.createMany({ data: resolution.newPersons.map((id) => ({ id, recordedAt: now })) });
      }
      if (resolution.newKeys.size > 0) {
        await db.personKey.createMany({
          data: [...resolution.newKeys].flatMap(([name, personId]) => {
            const key = unique.get(name);
            return key === undefined ? [] : [{ kind: key.kind, digest: key.digest, personId }];
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

    /** The particulars of one sending, opened. */
    open: (row: Pick<PersonParticulars, 'id' | 'particulars'>): Particulars =>
      column.open(row.id, Particulars, row.particulars),
  };
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
