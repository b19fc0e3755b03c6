import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type ServiceConfig, serviceConfig } from '../config/index.ts';
import { type KeyRing, parseKeyRing } from '../config/key-ring.ts';
import { suiteVariable } from './env.ts';
import { testSecret } from './tokens.ts';

/**
 * Configuration of a service in a test: free ports, the suite's Keycloak, a key ring of its own. The test gives what is
 * its own, at least `DATABASE_URL` and what NATS's `environment` says, as a process would get it.
 */
export function testServiceConfig(name: string, overrides: Readonly<Record<string, string>>): ServiceConfig {
  return loadConfig(serviceConfig, { env: testServiceEnvironment(name, overrides), argv: [] });
}

/** The same as environment variables, for a service whose configuration has more or that runs as a process. */
export function testServiceEnvironment(
  name: string,
  overrides: Readonly<Record<string, string>>,
): Record<string, string> {
  const issuer = suiteVariable('MIDAS_TEST_KEYCLOAK_ISSUER');
  return {
    MIDAS_DEMO: 'true',
    GRPC_PORT: '0',
    ADMIN_PORT: '0',
    LISTEN_HOST: '127.0.0.1',
    KEYCLOAK_ISSUER: issuer,
    KEYCLOAK_INTERNAL_URL: process.env.MIDAS_TEST_KEYCLOAK_INTERNAL_URL ?? issuer,
    SERVICE_CLIENT_SECRET: testSecret(`service-${name}`),
    ...(overrides.KEY_RING === undefined
      ? { KEY_RING_FILE: overrides.KEY_RING_FILE ?? testKeyRingFile() }
      : {}),
    LOG_LEVEL: 'fatal',
    ...overrides,
  };
}

/** A key ring with one fresh key, or with fresh keys of the given ids, the first in force. */
export function testKeyRing(...ids: readonly string[]): KeyRing {
  return parseKeyRing(JSON.stringify(testKeyRingText(...ids)));
}

/** A key ring file with a fresh key for everything and one that stays; returns its path. */
export function testKeyRingFile(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'midas-keys-')), 'keys.json');
  writeKeyRing(path, { ...testKeyRingText('k1', 'l1'), lasting: 'l1' });
  return path;
}

/** A key ring as its file holds it. */
export interface KeyRingText {
  readonly active: string;
  readonly index: string;
  readonly lasting: string;
  readonly keys: Readonly<Record<string, string>>;
}

/** Fresh keys, the first of them in force. */
export function testKeyRingText(...ids: readonly string[]): KeyRingText {
  const [first = 'k1', ...others] = ids;
  const keys = [first, ...others].map((id) => [id, randomBytes(32).toString('base64')]);
  return { active: first, index: first, lasting: first, keys: Object.fromEntries(keys) };
}

/** Writes a key ring file that is whole at any moment. */
export function writeKeyRing(path: string, ring: KeyRingText): void {
  writeFileSync(`${path}.new`, JSON.stringify(ring), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
