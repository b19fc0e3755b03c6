import { describe, expect, it } from 'vitest';
import { DomainError } from '../errors/domain-error.ts';
import { answerable } from './failures.ts';
import { rateLimited } from './rate-limited.ts';

const away = { kind: 'unavailable', slug: 'database-unavailable' };

describe('what leaves a handler', () => {
  it('leaves as it is when it is ours', () => {
    const error = new DomainError('conflict', 'taken', 'Taken.');
    expect(answerable(error, 't')).toBe(error);
  });

  it.each([
    ['a refused connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' })],
    ['a server that shuts down', Object.assign(new Error('x'), { code: '57P01' })],
    ['a database closed to connections', Object.assign(new Error('x'), { code: '55000' })],
    ['no connection left', Object.assign(new Error('x'), { code: 'P2024' })],
    ['a transaction that could not start', Object.assign(new Error('x'), { code: 'P2028' })],
    ['a cause that says so', new Error('x', { cause: Object.assign(new Error('y'), { code: '08006' }) })],
    [
      'a driver that says so',
      Object.assign(new Error('x'), {
        meta: { driverAdapterError: { cause: { kind: 'DatabaseNotReachable' } } },
      }),
    ],
    ['a broken connection', new Error('Connection terminated unexpectedly')],
  ])('is unavailable for %s', (_, error) => {
    expect(answerable(error, 't')).toMatchObject(away);
  });

  it.each([
    ['a unique violation', Object.assign(new Error('x'), { code: 'P2002' })],
    ['a mistake', new TypeError('x is undefined')],
    ['what is no error', 'words'],
    ['nothing', undefined],
  ])('is internal for %s', (_, error) => {
    expect(answerable(error, 't')).toMatchObject({ kind: 'internal', slug: 'internal' });
  });

  it('ends with causes that go round in a ring', () => {
    const ring: { cause?: unknown } = {};
    ring.cause = ring;
    expect(answerable(ring, 't').kind).toBe('internal');
  });
});

it('reports so often a second and tells how much it left out', () => {
  let clock = 0;
  const told: [string, number][] = [];
  const report = rateLimited<string>(
    2,
    (item, suppressed) => told.push([item, suppressed]),
    () => clock,
  );
  for (const item of ['a', 'b', 'c', 'd']) report(item);
  clock = 1_000;
  report('e');
  report('f');
  expect(told).toEqual([
    ['a', 0],
    ['b', 0],
    ['e', 2],
    ['f', 0],
  ]);
});
