import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainError } from '../errors/index.ts';
import { testKeyRing } from '../testing/config.ts';
import { newId } from './ids.ts';
import { type Keyset, type PagePosition, pages } from './pages.ts';

const { page, encode, decode } = pages({ keyRing: testKeyRing() });
const position = fc.record({
  recordedAt: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
  id: fc.uuid(),
});
const refused = (decoding: () => unknown) => {
  try {
    decoding();
  } catch (error) {
    return error instanceof DomainError && error.slug === 'page-token-invalid' && error.kind === 'invalid';
  }
  return false;
};

/** What the database does with a keyset. */
function select(rows: readonly PagePosition[], { where, take }: Keyset): PagePosition[] {
  const newestFirst = rows.toSorted(
    (a, b) => b.recordedAt.getTime() - a.recordedAt.getTime() || (a.id < b.id ? 1 : -1),
  );
  const after = newestFirst.filter((row) => {
    if (!('OR' in where)) return true;
    const [older, same] = where.OR;
    const sameTime = row.recordedAt.getTime() === same.recordedAt.getTime();
    return row.recordedAt < older.recordedAt.lt || (sameTime && row.id < same.id.lt);
  });
  return after.slice(0, take);
}

test('a token gives back the position it was made of', () => {
  fc.assert(
    fc.property(position, fc.array(fc.string()), (at, binding) => {
      expect(decode(encode(at, binding), binding)).toEqual(at);
    }),
  );
});

test('a token is refused for another caller or filter, from another service, and after any change', () => {
  const at = { recordedAt: new Date(), id: newId() };
  const token = encode(at, ['user-1', { status: 'open' }]);
  expect(refused(() => decode(token, ['user-2', { status: 'open' }]))).toBe(true);
  expect(refused(() => decode(token, ['user-1', { status: 'closed' }]))).toBe(true);
  expect(refused(() => pages({ keyRing: testKeyRing() }).decode(token, ['user-1', { status: 'open' }]))).toBe(
    true,
  );
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom(...'ABCabc019-_'), (index, letter) => {
      fc.pre(token[index] !== letter);
      const changed = token.slice(0, index) + letter + token.slice(index + 1);
      expect(refused(() => decode(changed, ['user-1', { status: 'open' }]))).toBe(true);
    }),
  );
  for (const text of ['', 'x', '%%%', `${token}=`, ` ${token}`]) {
    expect(refused(() => decode(text, ['user-1', { status: 'open' }]))).toBe(true);
  }
});

test('pages put together are the whole list, newest first, each row once, also where times are equal', async () => {
  const rowsOf = fc.uniqueArray(
    fc.record({ recordedAt: fc.integer({ min: 0, max: 5 }).map((n) => new Date(n)), id: fc.uuid() }),
    { selector: ({ id }) => id, maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(rowsOf, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
      const seen: PagePosition[] = [];
      let token = '';
      do {
        const next = await page({ size, token, binding: ['u'] }, async (keyset) => select(rows, keyset));
        expect(next.rows.length).toBeLessThanOrEqual(size);
        seen.push(...next.rows);
        token = next.nextPageToken;
      } while (token !== '');
      expect(seen).toEqual(
        select(rows, { where: {}, take: rows.length, orderBy: [{ recordedAt: 'desc' }, { id: 'desc' }] }),
      );
    }),
  );
});

test('a page has 50 rows unless asked otherwise, and never more than 200', async () => {
  const asked: number[] = [];
  const ask = (size?: number) =>
    page({ ...(size === undefined ? {} : { size }), binding: [] }, async ({ take }) => {
      asked.push(take);
      return [];
    });
  for (const size of [undefined, 0, 7, 10_000]) await ask(size);
  expect(asked).toEqual([51, 51, 8, 201]);
});
