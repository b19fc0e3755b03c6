import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../paths.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'midas-secrets-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The scan of `npm run check:secrets`, of one file. */
const scan = async (text: string): Promise<{ readonly code: number; readonly output: string }> => {
  const file = join(folder, 'settings.ts');
  await writeFile(file, text);
  return new Promise((resolve) => {
    const args = ['--secretlintrc', join(ROOT, '.secretlintrc.json'), '--no-gitignore', '--no-glob', file];
    execFile(join(ROOT, 'node_modules/.bin/secretlint'), args, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}` }),
    );
  });
};

// Made when the test runs, so that the scan of this repository finds nothing here.
const letters = (count: number): string => randomBytes(count).toString('hex').slice(0, count);
const base64 = (text: string): string => Buffer.from(text).toString('base64url');
const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const planted: readonly (readonly [string, string])[] = [
  ['a private key', privateKey],
  ['a token of a code host', `ghp_${letters(36)}`],
  [
    'an access token',
    `${base64('{"alg":"RS256","typ":"JWT"}')}.${base64('{"sub":"somebody","aud":"midas"}')}.${letters(40)}`,
  ],
  ['a key of a key ring', `{"active":"k1","keys":{"k1":"${randomBytes(32).toString('base64')}"}}`],
  [
    'a password in the address of a database',
    `postgresql://midas_case_app:${letters(24)}@db.example:5432/case`,
  ],
  ['a password in the address of a stream', `nats://service-case:${letters(24)}@nats.example:4222`],
];

describe('the secret scan', () => {
  it.each(planted)('finds %s, and does not print it', async (_name, text) => {
    const { code, output } = await scan(`const value = ${JSON.stringify(text)};\n${text}\n`);
    expect(output).toContain('settings.ts');
    expect(code).toBe(1);
    expect(output).not.toContain(text.slice(22, 40));
  });

  it('passes over what only looks like one', async () => {
    const { code, output } = await scan(
      [
        `const url = \`postgresql://${'$'}{user}:${'$'}{password}@127.0.0.1:5432/db\`;`,
        'const address = "postgresql://app:hidden-password@localhost:5432/db";',
        'const other = "nats://127.0.0.1:4222";',
        'const digest = "sha512-abc";',
      ].join('\n'),
    );
    expect([code, output.trim()]).toEqual([0, '']);
  });
});
