import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CopiedHead, KeyedDigest } from '@midas/kit';
import { trail } from '@midas/kit/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { urlFor, withClient } from '../migrate/index.ts';
import { ROOT } from '../paths.ts';
import { databaseName } from '../services.ts';
import { readHeads } from './heads.ts';
import { readMarks } from './marks.ts';
import { findingText, trailText, verifyTrails } from './verify.ts';

const server = process.env.MIDAS_TEST_DATABASE_URL ?? '';
const service = `scratch-${randomBytes(4).toString('hex')}`;
const name = databaseName(service);
let folder = '';
let heads: readonly CopiedHead[] = [];
let ids: readonly string[] = [];
let marks: KeyedDigest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'midas-audit-'));
  await using on = await trail(service);
  marks = on.marks;
  ids = await on.write(20);
  heads = await on.seal(8);
  await on.disconnect();
  await withClient(server, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${on.database.name}`));
});
afterAll(async () => {
  await withClient(server, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  await rm(folder, { recursive: true });
});

const verify = (more: readonly string[] = []) =>
  verifyTrails({ databaseUrl: server, services: [service, ...more], heads, marksOf: () => marks });

describe('audit trails', () => {
  it('are in order, and a service without a database has none', async () => {
    const found = await verify(['nowhere']);
    expect(found).toEqual([
      { service, seals: 3, entries: 20, waiting: 0, heads: 3, marks: 20, findings: [] },
      { service: 'nowhere', seals: 0, entries: 0, waiting: 0, heads: 0, marks: 0, findings: [] },
    ]);
    expect(found.map(trailText)).toEqual([
      `${service}: in order (20 entries under 3 seals, 0 not sealed yet, 3 copied heads compared, 20 marks looked at)`,
      'nowhere: in order (0 entries under 0 seals, 0 not sealed yet, no copied head to compare with, 0 marks looked at)',
    ]);
  });

  it('whose database is gone are cut off', async () => {
    const found = await verifyTrails({
      databaseUrl: server,
      services: ['nowhere'],
      heads: heads.map((head) => ({ ...head, service: 'nowhere' })),
    });
    expect(found[0]?.findings).toEqual([{ kind: 'cut-tail', seal: 3 }]);
  });

  it('that were tampered with say where, and nothing of what the entries say', async () => {
    await withClient(urlFor(server, name), async (client) => {
      await client.query(`UPDATE audit_entry SET outcome = 'x' WHERE id = $1`, [ids[0]]);
      await client.query('DELETE FROM audit_entry WHERE id = $1', [ids[1]]);
    });
    const text = (await verify()).map(trailText).join('\n');
    const without = await verifyTrails({ databaseUrl: server, services: [service], heads });
    expect(without.map(trailText).join('')).toContain('marks not looked at');
    expect(text.split('\n').slice(1)).toEqual([
      `  entry ${ids[0]} was changed after it was sealed`,
      `  entry ${ids[1]} was sealed and is gone`,
    ]);
    expect(text).toContain('NOT IN ORDER');
    expect(text).not.toContain('worker');
  });
});

describe('a finding in words', () => {
  it.each([
    [{ kind: 'inserted', entry: 'e' }, 'entry e was put in among sealed entries'],
    [{ kind: 'seal-removed', seal: 4, through: 4 }, 'seal 4 is gone'],
    [{ kind: 'seal-removed', seal: 4, through: 9 }, 'seals 4 to 9 are gone'],
    [{ kind: 'replaced', seal: 4 }, 'seal 4 and those after it are not the ones whose heads were copied'],
  ] as const)('%o', (finding, text) => {
    expect(findingText(finding)).toBe(text);
  });
});

describe('copied heads', () => {
  const head = 'ab'.repeat(32);

  it('are read from files of heads and from logs, whatever else is in them', async () => {
    const file = join(folder, 'some.log');
    const lines = [
      `{"level":"info","time":"2026-01-01T00:00:00Z","service":"case","seal":7,"head":"${head}","entries":3,"msg":"audit sealed"}`,
      '{"level":"info","service":"case","msg":"started","head":1}',
      `plain "head" text`,
      `{"service":"risk","seal":1,"head":"${head}"}`,
      `{"service":"risk","seal":2,"head":"${head}`,
    ];
    await writeFile(file, lines.join('\n'));
    expect(await readHeads(folder, [file])).toEqual([
      { service: 'case', seal: 7, head },
      { service: 'risk', seal: 1, head },
    ]);
  });

  it('are those of the local platform when no file is given, and none before there are any', async () => {
    expect(await readHeads(folder, [])).toEqual([]);
    await writeFile(join(folder, 'audit-heads.jsonl'), `{"service":"risk","seal":1,"head":"${head}"}\n`);
    expect(await readHeads(folder, [])).toEqual([{ service: 'risk', seal: 1, head }]);
  });

  it('and marks are those of the key rings that are there', async () => {
    const file = join(folder, `${service}.json`);
    await writeFile(
      file,
      JSON.stringify({ active: 'k1', keys: { k1: Buffer.alloc(32, 7).toString('base64') } }),
    );
    expect([...(await readMarks(folder, ['nowhere', service])).keys()]).toEqual([service]);
  });

  it('must be in a file that was given', async () => {
    const file = join(folder, 'empty');
    await writeFile(file, '');
    await expect(readHeads(folder, [file])).rejects.toMatchObject({ name: 'UserError' });
    await expect(readHeads(folder, [join(folder, 'none')])).rejects.toMatchObject({ name: 'UserError' });
  });
});

describe('midas audit verify', () => {
  const run = async (...args: readonly string[]) => {
    const child = spawn(
      process.execPath,
      [join(ROOT, 'tools/midas/src/main.ts'), 'audit', 'verify', ...args],
      {
        env: { PATH: process.env.PATH, MIDAS_HOME: join(folder, 'home'), DATABASE_URL: server },
      },
    );
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const [code] = await once(child, 'exit');
    return { code, out };
  };

  it('ends with 0 when all is in order, and with 1 when something is not', {
    timeout: 120_000,
  }, async () => {
    const fine = await run('--service', 'referral', 'risk');
    expect(fine.out).toMatch(/^referral: in order .*\nrisk: in order .*\n$/);
    expect(fine.code).toBe(0);
    const file = join(folder, 'heads.jsonl');
    await writeFile(file, `{"service":"referral","seal":900,"head":"${'0'.repeat(64)}"}\n`);
    const cut = await run('--service', 'referral', '--heads', file, '--json');
    expect(JSON.parse(cut.out)).toMatchObject({
      services: [{ service: 'referral', findings: [{ kind: 'cut-tail', seal: 900 }] }],
    });
    expect(cut.code).toBe(1);
    expect((await run('--service', 'nobody')).code).toBe(1);
  });
});
