import { randomUUID } from 'node:crypto';
import { blindIndex, type KeyRing, newId, sealer } from '@midas/kit';
import { type TestDatabase, testDatabase, testKeyRing } from '@midas/kit/testing';
import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrismaClient } from '../../gen/prisma/client.ts';
import { invented } from '../testing/platform.ts';
import { personStore } from './person.store.ts';
import type { Sending } from './person.ts';

let database: TestDatabase;
let db: PrismaClient;
const keyRing = testKeyRing();
const persons = personStore({ sealer: sealer({ keyRing }), blindIndex: blindIndex(keyRing), newId });

beforeAll(async () => {
  database = await testDatabase('case');
  db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url, max: 12 }) });
});
afterAll(async () => {
  await db?.$disconnect();
  await database?.[Symbol.asyncDispose]();
});

const source = (id = randomUUID()) => ({ kind: 'incident', id });
const resolve = (from: { kind: string; id: string }, ...sendings: readonly Sending[]) =>
  db.$transaction((tx) => persons.resolve(tx, from, sendings, new Date()));
const victim = (particulars = invented()): Sending => ({ role: 'victim', particulars });
const alleged = (particulars = invented()): Sending => ({ role: 'alleged-perpetrator', particulars });
const idsOf = (found: readonly { readonly personId: string }[]) => found.map(({ personId }) => personId);

describe('resolving persons', () => {
  it('makes one person of a new one that twenty services ask for at once', async () => {
    const person = invented({ nhsNumber: '9434765919' });
    const found = await Promise.all(Array.from({ length: 20 }, () => resolve(source(), victim(person))));
    const ids = new Set(found.flatMap(idsOf));
    expect(ids.size).toBe(1);
    const [personId = ''] = ids;
    expect(await db.person.count({ where: { id: personId } })).toBe(1);
    expect(await db.personParticulars.count({ where: { personId } })).toBe(20);
    expect(await db.personKey.count({ where: { personId } })).toBe(2);
  });

  it('makes one of each when couples are asked for at once in either order', async () => {
    const [one, other] = [invented(), invented()];
    const found = await Promise.all(
      Array.from({ length: 20 }, (_, place) =>
        place % 2 === 0
          ? resolve(source(), victim(one), alleged(other))
          : resolve(source(), victim(other), alleged(one)),
      ),
    );
    expect(new Set(found.flatMap(idsOf)).size).toBe(2);
  });

  it('answers the same source and part alike, at once and again, even if other particulars come', async () => {
    const from = source();
    const sent = [victim(), alleged(), alleged(invented({ givenName: '', birthDate: '' }))];
    const found = await Promise.all(Array.from({ length: 8 }, () => resolve(from, ...sent)));
    const [first = []] = found;
    for (const each of found) expect(idsOf(each)).toEqual(idsOf(first));
    expect(await db.personParticulars.count({ where: { sourceId: from.id } })).toBe(3);
    expect(idsOf(await resolve(from, victim()))).toEqual(idsOf(first).slice(0, 1));
  });

  it('knows someone again by name and birth date or by NHS number, whatever part they play', async () => {
    const known = invented({ nhsNumber: '4010232137' });
    const [first] = await resolve(source(), victim(known));
    const shouted = {
      ...known,
      nhsNumber: '',
      givenName: ' ada ',
      familyName: known.familyName.toUpperCase(),
    };
    const married = { ...known, familyName: 'Other' };
    const [[byName], [byNumber], [nobody]] = [
      await resolve(source(), alleged(shouted)),
      await resolve(source(), victim(married)),
      await resolve(source(), victim({ ...known, nhsNumber: '', birthDate: '1985-04-13' })),
    ];
    expect(byName?.personId).toBe(first?.personId);
    expect(byNumber?.personId).toBe(first?.personId);
    expect(nobody?.personId).not.toBe(first?.personId);
  });

  it('lets the NHS number win over name and birth date', async () => {
    const [byNumber] = await resolve(source(), victim(invented({ nhsNumber: '9990000018' })));
    const named = invented();
    const [byName] = await resolve(source(), victim(named));
    const [torn] = await resolve(source(), victim({ ...named, nhsNumber: '9990000018' }));
    expect(byName?.personId).not.toBe(byNumber?.personId);
    expect(torn?.personId).toBe(byNumber?.personId);
  });

  it('keeps particulars sealed and opens them again', async () => {
    const sent = invented();
    const [found] = await resolve(source(), victim(sent));
    const row = await db.personParticulars.findUniqueOrThrow({ where: { id: found?.particularsId ?? '' } });
    expect(Buffer.from(row.particulars).includes(sent.familyName)).toBe(false);
    expect(persons.open(row)).toEqual(sent);
  });

  it('leaves nothing behind when its transaction fails', async () => {
    const from = source();
    const failing = db.$transaction(async (tx) => {
      await persons.resolve(tx, from, [victim()], new Date());
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    expect(await db.personParticulars.count({ where: { sourceId: from.id } })).toBe(0);
  });
});

describe('when another key makes the indexes', () => {
  const both = { ...keyRing, keys: { ...keyRing.keys, ...testKeyRing('k2').keys } };
  const rotated = { ...both, active: 'k2', index: 'k2' };
  const storeOf = (ring: KeyRing) =>
    personStore({ sealer: sealer({ keyRing: ring }), blindIndex: blindIndex(ring), newId });
  const resolveIn = (ring: KeyRing, person: ReturnType<typeof invented>) =>
    db.$transaction(async (tx) =>
      idsOf(await storeOf(ring).resolve(tx, source(), [victim(person)], new Date())),
    );
  /** Makes the index anew from the beginning; at most two sendings a transaction. */
  const rebuild = async (ring: KeyRing) => {
    let after: string | undefined = '00000000-0000-0000-0000-000000000000';
    for (let from = after; after !== undefined; from = after ?? from)
      after = await db.$transaction((tx) => storeOf(ring).reindex(tx, from, 2));
  };

  it('a person is known again before, while and after the index is made anew', async () => {
    const known = invented({ nhsNumber: '9990000026' });
    const [person] = await resolveIn(keyRing, known);
    expect(await resolveIn(rotated, known)).toEqual([person]);
    expect(await resolveIn(both, known)).toEqual([person]);
    await rebuild(rotated);
    expect(await resolveIn(rotated, known)).toEqual([person]);
    // A process that has the key but has not been told to make indexes with it.
    expect(await resolveIn(both, known)).toEqual([person]);
    const alone = { ...rotated, lasting: 'k2', keys: { k2: both.keys.k2 ?? new Uint8Array() } };
    const [again] = await db.$transaction(async (tx) => {
      const store = personStore({
        sealer: sealer({ keyRing: rotated }),
        blindIndex: blindIndex(alone),
        newId,
      });
      return idsOf(await store.resolve(tx, source(), [victim(known)], new Date()));
    });
    expect(again).toBe(person);
    const keys = await db.personKey.findMany({ where: { personId: person ?? '' } });
    expect(keys.map(({ keyId }) => keyId)).toEqual(['k2', 'k2']);
  });

  it('every row gets the new digest, however often it is broken off and begun again', async () => {
    const sent = Array.from({ length: 5 }, () => invented());
    const before = await Promise.all(sent.map((person) => resolveIn(keyRing, person)));
    await db.$transaction((tx) => storeOf(rotated).reindex(tx, '00000000-0000-0000-0000-000000000000', 3));
    await rebuild(rotated);
    await rebuild(rotated);
    expect(await db.personKey.count({ where: { NOT: { keyId: 'k2' } } })).toBe(0);
    expect(await Promise.all(sent.map((person) => resolveIn(rotated, person)))).toEqual(before);
  });

  it('a row from before keys were named gets the name of its key', async () => {
    const [person = ''] = await resolveIn(keyRing, invented());
    await db.personKey.updateMany({ where: { personId: person }, data: { keyId: null } });
    await rebuild(rotated);
    const keys = await db.personKey.findMany({ where: { personId: person } });
    expect(keys.map(({ keyId }) => keyId)).toEqual(['k2']);
  });

  it('those who resolve the same new person under the old and the new key wait for each other', async () => {
    const person = invented();
    const found = await Promise.all(
      Array.from({ length: 12 }, (_, place) => resolveIn(place % 2 === 0 ? both : rotated, person)),
    );
    expect(new Set(found.flat()).size).toBe(1);
  });
});
