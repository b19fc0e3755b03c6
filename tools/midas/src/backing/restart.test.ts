import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClient } from '../migrate/index.ts';
import { readLive } from '../process/pidfile.ts';
import { findFreePort } from '../process/ports.ts';
import { natsServer } from './index.ts';
import { startNats, stopNats } from './nats.ts';
import { removePostgresData, startPostgres, stopPostgres } from './postgres.ts';
import { findPostgres } from './postgres-files.ts';

let home = '';
let port = 0;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'midas-backing-'));
  port = await findFreePort(new Set());
});
afterAll(async () => {
  await Promise.all([stopPostgres(home), stopNats(home)]);
  await removePostgresData(home);
  await rm(home, { recursive: true, force: true });
});

const postgres = () => startPostgres(home, port, 'a password');

const numbers = (url: string): Promise<readonly number[]> =>
  withClient(url, async (client) => {
    const answer = await client.query<{ n: number }>('SELECT n FROM kept ORDER BY n');
    return answer.rows.map((row) => row.n);
  });

describe('PostgreSQL', () => {
  it('starts, and is left alone when it runs', async () => {
    const first = await postgres();
    expect(first.version).toMatch(/^18\./);
    expect((await postgres()).record.pid).toBe(first.record.pid);
    await withClient(first.url, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS n'));
  });

  it('commits to disk, with room for every process', async () => {
    const { url } = await postgres();
    const settings = await withClient(url, async (client) => {
      const names = ['fsync', 'synchronous_commit', 'full_page_writes', 'max_connections'];
      const answer = await client.query('SELECT name, setting FROM pg_settings WHERE name = ANY($1)', [
        names,
      ]);
      return Object.fromEntries(answer.rows.map((row) => [row.name, row.setting]));
    });
    expect(settings).toMatchObject({ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' });
    expect(Number(settings.max_connections)).toBeGreaterThanOrEqual(300);
  });

  it('is started again after it was killed, with what was committed', async () => {
    const { record, url } = await postgres();
    await withClient(url, (client) => client.query('INSERT INTO kept VALUES (2)'));
    process.kill(record.pid, 'SIGKILL');
    const next = await postgres();
    expect(next.record.pid).not.toBe(record.pid);
    expect(await numbers(next.url)).toEqual([1, 2]);
  });

  it('does not take another program with the number of an old server for that server', async () => {
    await stopPostgres(home);
    const file = join((await findPostgres(home)).data, 'postmaster.pid');
    await writeFile(file, `${process.pid}\n`);
    const { url, record } = await postgres();
    expect(await readFile(file, 'utf8')).toMatch(new RegExp(`^${record.pid}\n`));
    expect(await numbers(url)).toEqual([1, 2]);
  });

  it('is ended when it runs on our data without a pid file, and started anew', async () => {
    const { record } = await postgres();
    await rm(join(home, 'run/postgres.json'));
    const next = await postgres();
    expect(next.record.pid).not.toBe(record.pid);
    expect(await numbers(next.url)).toEqual([1, 2]);
  });

  it('writes no row, statement or parameter to its log', async () => {
    const { url, record } = await postgres();
    const failing = withClient(url, async (client) => {
      await client.query('CREATE TABLE person (name text PRIMARY KEY)');
      await client.query('INSERT INTO person VALUES ($1)', ['Zebedee']);
      await client.query('INSERT INTO person VALUES ($1)', ['Zebedee']);
    });
    await expect(failing).rejects.toThrow('duplicate key');
    const log = await readFile(record.log, 'utf8');
    expect(log).toContain('duplicate key');
    expect(log).not.toContain('Zebedee');
  });

  it('stops', async () => {
    await stopPostgres(home);
    expect(await readLive(home, 'postgres')).toBeUndefined();
  });
});

describe('NATS', () => {
  it('starts with JetStream, is left alone, and is started again after it was killed', async () => {
    const ports = { client: await findFreePort(new Set()), monitor: await findFreePort(new Set()) };
    const binary = await natsServer();
    const first = await startNats(home, ports, binary);
    expect((await startNats(home, ports, binary)).record.pid).toBe(first.record.pid);
    process.kill(first.record.pid, 'SIGKILL');
    const next = await startNats(home, ports, binary);
    expect(next.record.pid).not.toBe(first.record.pid);
    expect(next.url).toBe(first.url);
  });
});
