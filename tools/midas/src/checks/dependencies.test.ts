import { describe, expect, it } from 'vitest';
import { auditOutcome } from './advisories.ts';
import { packageFaults } from './dependencies.ts';
import { isAllowedLicence } from './licences.ts';
import { deprecatedPackages, lockfileFaults, lockfileSchema } from './lockfile.ts';

const integrity = `sha512-${'A'.repeat(86)}==`;
const lock = (packages: object, dependencies: object = {}) =>
  lockfileSchema.parse({
    lockfileVersion: '9.0',
    importers: { 'services/case': { dependencies } },
    packages,
  });

describe('a lock file', () => {
  it('is in order when every package is pinned by its digest and every dependency of ours by its version', () => {
    const good = lock(
      {
        'pg@8.23.1': { resolution: { integrity } },
        '@grpc/grpc-js@1.14.7-rc.1': { resolution: { integrity } },
      },
      {
        pg: { specifier: '8.23.1', version: '8.23.1' },
        zod: { specifier: 'catalog:', version: '4.6.7' },
        '@midas/kit': { specifier: 'workspace:*', version: 'link:../kit' },
      },
    );
    expect(lockfileFaults(good)).toEqual([]);
  });

  it.each([
    ['a package without a digest', { 'pg@8.23.1': { resolution: {} } }],
    ['a weak digest', { 'pg@8.23.1': { resolution: { integrity: 'sha1-AAAA' } } }],
    [
      'an address of its own',
      { 'pg@8.23.1': { resolution: { integrity, tarball: 'https://elsewhere.example/pg.tgz' } } },
    ],
    [
      'a repository',
      { 'pg@git+https://elsewhere.example/pg.git#abc': { resolution: { type: 'git', commit: 'abc' } } },
    ],
    ['a folder', { 'pg@file:../pg': { resolution: { type: 'directory', directory: '../pg' } } }],
  ])('is not with %s', (_name, packages) => {
    expect(lockfileFaults(lock(packages))).toHaveLength(1);
  });

  it.each([
    '^8.23.1',
    '~8',
    '*',
    'latest',
    'https://elsewhere.example/pg.tgz',
    'git+ssh://x/y',
    'npm:other@1.0.0',
  ])('is not with a dependency of ours on "%s"', (specifier) => {
    expect(lockfileFaults(lock({}, { pg: { specifier, version: '8.23.1' } }))).toHaveLength(1);
  });

  it('is not with a package of the workspace that comes from elsewhere', () => {
    const taken = lock({}, { '@midas/kit': { specifier: 'workspace:*', version: '9.9.9' } });
    expect(lockfileFaults(taken)).toHaveLength(1);
  });

  it('tells which packages their makers have given up', () => {
    const given = lock({ 'old@1.0.0': { resolution: { integrity }, deprecated: 'use new' } });
    expect(deprecatedPackages(given)).toEqual(['old@1.0.0']);
  });
});

describe('a package on this machine', () => {
  const plain = { name: 'pg', version: '8.23.1', licence: 'MIT', runsOnInstall: false };

  it('is in order without an install script, under an allowed licence', () => {
    expect(packageFaults([plain], {})).toEqual([]);
  });

  it('is not with an install script that nobody judged, or that is allowed without a reason', () => {
    const runs = { ...plain, runsOnInstall: true };
    expect(packageFaults([runs], {})).toEqual(['pg has an install script that nobody judged.']);
    expect(packageFaults([runs], { pg: false })).toEqual([]);
    expect(packageFaults([runs], { pg: true })).toEqual(['pg may run a program when it is installed.']);
  });

  it('is not under another licence or none, unless it was accepted by name', () => {
    expect(packageFaults([{ ...plain, licence: 'AGPL-3.0-only' }], {})).toHaveLength(1);
    expect(packageFaults([{ ...plain, licence: undefined }], {})).toHaveLength(1);
    expect(packageFaults([{ ...plain, name: 'lightningcss-linux-x64-gnu', licence: 'MPL-2.0' }], {})).toEqual(
      [],
    );
  });

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['GPL-3.0-only OR AGPL-3.0-only', false],
    ['MIT AND Apache-2.0', true],
    ['(Apache-2.0 AND GPL-2.0-only)', false],
    ['MIT and ISC', true],
    ['SEE LICENSE IN LICENSE.md', false],
    ['', false],
  ])('has the licence "%s": allowed is %s', (expression, allowed) => {
    expect(isAllowedLicence(expression)).toBe(allowed);
  });
});

describe('the audit of the registry', () => {
  it('is clean, has found something, or was not answered, which is told apart', () => {
    expect(auditOutcome(0, 'No known vulnerabilities found')).toBe('clean');
    expect(auditOutcome(1, '2 vulnerabilities found\nSeverity: 2 high')).toBe('found');
    expect(auditOutcome(1, 'Error: ERR_PNPM_AUDIT_BAD_RESPONSE')).toBe('unknown');
    expect(auditOutcome(1, '')).toBe('unknown');
  });
});
