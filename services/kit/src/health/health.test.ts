import { afterEach, describe, expect, it } from 'vitest';
import { type Admin, adminServer } from './admin.ts';
import { type Dependency, health } from './checks.ts';

const up = async (): Promise<void> => undefined;
const down = async (): Promise<void> => {
  throw new Error('postgresql://app:secret@db refused');
};
const dependency = (name: string, check: () => Promise<void>, isVital: boolean): Dependency => ({
  name,
  check,
  isVital,
  holdsMs: 0,
});

describe('readiness', () => {
  it('is full, degraded or lost, and names who is away', async () => {
    const of = (database: () => Promise<void>, stream: () => Promise<void>) =>
      health([dependency('database', database, true), dependency('stream', stream, false)]).readiness();
    expect(await of(up, up)).toMatchObject({ ready: true, status: 'ok' });
    expect(await of(up, down)).toEqual({
      ready: true,
      status: 'degraded',
      dependencies: { database: 'up', stream: 'down' },
    });
    expect(await of(down, up)).toMatchObject({
      ready: false,
      status: 'down',
      dependencies: { database: 'down' },
    });
  });

  it('ends with draining', async () => {
    const state = health([dependency('database', up, true)]);
    state.drain();
    expect(await state.readiness()).toMatchObject({ ready: false, status: 'draining' });
  });

  it('asks as often as an answer holds, and once for many', async () => {
    let asked = 0;
    let clock = 0;
    const check = async (): Promise<void> => {
      asked += 1;
    };
    const state = health([{ name: 'database', isVital: true, check, holdsMs: 1_000 }], () => clock);
    await Promise.all([state.readiness(), state.readiness()]);
    await state.readiness();
    expect(asked).toBe(1);
    clock = 1_000;
    await state.readiness();
    expect(asked).toBe(2);
  });

  it('counts a check that throws at once as away', async () => {
    const check = (): Promise<void> => {
      throw new Error('no client');
    };
    expect((await health([dependency('database', check, true)]).readiness()).ready).toBe(false);
  });
});

describe('the admin port', () => {
  let admin: Admin | undefined;
  afterEach(() => admin?.close());

  const get = async (path: string) => {
    const response = await fetch(`http://${admin?.address}${path}`);
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      noSniff: response.headers.get('x-content-type-options'),
      text: await response.text(),
    };
  };

  it('answers who watches the process, and no one else', async () => {
    admin = await adminServer({
      host: '127.0.0.1',
      port: 0,
      health: health([dependency('stream', down, false)]),
    });
    expect(await get('/livez')).toMatchObject({ status: 200 });
    const ready = await get('/readyz');
    expect(ready).toMatchObject({ status: 200, type: 'application/json' });
    expect(JSON.parse(ready.text)).toEqual({ status: 'degraded', dependencies: { stream: 'down' } });
    expect(await get('/metrics')).toMatchObject({ status: 200, type: expect.stringContaining('text/plain') });
    expect(await get('/other')).toMatchObject({ status: 404, noSniff: 'nosniff' });
  });

  it('says 503 without what is vital, and nothing of the reason', async () => {
    admin = await adminServer({
      host: '127.0.0.1',
      port: 0,
      health: health([dependency('database', down, true)]),
    });
    const ready = await get('/readyz');
    expect(ready.status).toBe(503);
    expect(ready.text).not.toContain('secret');
  });
});
