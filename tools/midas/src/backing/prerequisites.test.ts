import { describe, expect, it } from 'vitest';
import { checkPrerequisites, javaMajor, missingSentence } from './prerequisites.ts';
import { compareVersions } from './versions.ts';

describe('the version of Java', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "21" 2023-09-19', 21],
    ['java version "1.8.0_401"', 1],
    ['command not found', undefined],
  ])('%s is %s', (text, major) => {
    expect(javaMajor(text)).toBe(major);
  });
});

describe('what is missing', () => {
  const go = { name: 'Go', debian: 'golang-go', brew: 'go' };
  const maven = { name: 'Maven', debian: 'maven', brew: 'maven' };

  it('is named in one sentence with one command', () => {
    expect(missingSentence([go, maven], 'linux')).toEqual({
      message: 'Go and Maven are missing on this machine.',
      advice: 'Install with: sudo apt-get install -y golang-go maven',
    });
    expect(missingSentence([go], 'darwin').advice).toBe('Install with: brew install go');
  });

  it('is found on a machine without any of it', async () => {
    const nowhere = { PATH: '/nonexistent' };
    await expect(checkPrerequisites({ java: true, maven: true, go: true }, nowhere)).rejects.toThrow(
      'Java 17 or newer, Maven and Go 1.21 or newer are missing on this machine.',
    );
    await expect(
      checkPrerequisites({ java: false, maven: false, go: false }, nowhere),
    ).resolves.toBeUndefined();
  });
});

describe('versions', () => {
  it('are compared by number, not by letter', () => {
    expect(compareVersions('nats-server: v2.9.25', '2.10.0')).toBeLessThan(0);
    expect(compareVersions('nats-server: v2.15.2', '2.10.0')).toBeGreaterThan(0);
    expect(compareVersions('v2.10.0', '2.10.0')).toBe(0);
  });
});
