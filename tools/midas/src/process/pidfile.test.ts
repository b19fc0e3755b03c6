import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endProcess } from './detached.ts';
import { isAlive, parseProcStat, startOf } from './identity.ts';
import { namesWithPidFile, type ProcessRecord, pidFileOf, readLive, writePidFile } from './pidfile.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'midas-pid-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const record = (pid: number, started: string): ProcessRecord => ({
  name: 'sleeper',
  pid,
  started,
  ports: { main: 1234 },
  log: '/tmp/sleeper.log',
  fingerprint: 'f',
});

const sleeper = async (): Promise<{ pid: number; started: string }> => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  return { pid, started: (await startOf(pid)) ?? '' };
};

describe('the start of a process', () => {
  it('is read from behind a name that holds spaces and brackets', () => {
    const text = `42 (a ) b) S ${Array.from({ length: 30 }, (_, index) => index + 4).join(' ')}`;
    expect(parseProcStat(text)).toEqual({ state: 'S', startTicks: '22' });
  });

  it('is unknown for a number that no process has', async () => {
    expect(await startOf(2 ** 22 + 1)).toBeUndefined();
  });

  it('stays the same while it runs and is gone when it has ended', async () => {
    const identity = await sleeper();
    expect(await isAlive(identity)).toBe(true);
    expect(await endProcess(identity, { timeoutMs: 5000 })).toBe('stopped');
    expect(await isAlive(identity)).toBe(false);
  });
});

describe('a pid file', () => {
  it('is live for exactly the process that it was written for', async () => {
    const identity = await sleeper();
    await writePidFile(home, record(identity.pid, identity.started));
    expect(await readLive(home, 'sleeper')).toMatchObject(identity);
    expect(await namesWithPidFile(home)).toEqual(['sleeper']);
    await endProcess(identity, { timeoutMs: 5000 });
    expect(await readLive(home, 'sleeper')).toBeUndefined();
    expect(await namesWithPidFile(home)).toEqual([]);
  });

  it('does not take another process with the same number for its own', async () => {
    await writePidFile(home, record(process.pid, 'an earlier start'));
    expect(await readLive(home, 'sleeper')).toBeUndefined();
    expect(await startOf(process.pid)).toBeDefined();
  });

  it('counts as none when its text is cut off', async () => {
    await writePidFile(home, record(process.pid, (await startOf(process.pid)) ?? ''));
    const file = pidFileOf(home, 'sleeper');
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, 20));
    expect(await readLive(home, 'sleeper')).toBeUndefined();
  });
});

describe('ending a process', () => {
  it('leaves one alone that has the number but started at another time', async () => {
    const identity = await sleeper();
    expect(await endProcess({ pid: identity.pid, started: 'earlier' }, { timeoutMs: 100 })).toBe('stopped');
    expect(await isAlive(identity)).toBe(true);
    await endProcess(identity, { timeoutMs: 5000 });
  });

  it('uses force against one that does not listen', async () => {
    const script =
      'process.on("SIGTERM", () => {}); process.stdout.write("deaf"); setInterval(() => {}, 1000)';
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const pid = child.pid ?? 0;
    const identity = { pid, started: (await startOf(pid)) ?? '' };
    expect(await endProcess(identity, { timeoutMs: 200 })).toBe('killed');
    expect(await isAlive(identity)).toBe(false);
  });
});
