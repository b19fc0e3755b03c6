import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rememberPorts, rememberSecrets } from './state.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'midas-state-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('ports', () => {
  it('are chosen once, differ, and are remembered', async () => {
    const first = await rememberPorts(home, ['a', 'b'], {});
    expect(first.a).not.toBe(first.b);
    expect(await rememberPorts(home, ['a', 'b'], {})).toEqual(first);
    expect(await rememberPorts(home, ['a', 'b', 'c'], {})).toMatchObject(first);
  });

  it('are chosen anew when someone else took one, but not when our own process holds it', async () => {
    const { a } = await rememberPorts(home, ['a'], {});
    const other = createServer().listen(a, '127.0.0.1');
    await once(other, 'listening');
    try {
      expect(await rememberPorts(home, ['a'], { a })).toEqual({ a });
      expect((await rememberPorts(home, ['a'], {})).a).not.toBe(a);
    } finally {
      other.close();
    }
  });
});

describe('secrets', () => {
  it('are made once, differ, and only their owner can read them', async () => {
    const first = await rememberSecrets(home, ['x', 'y']);
    expect(first.x).not.toBe(first.y);
    expect(await rememberSecrets(home, ['x', 'z'])).toMatchObject(first);
    expect((await stat(join(home, 'secrets.json'))).mode & 0o777).toBe(0o600);
  });
});
