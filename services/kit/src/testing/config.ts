import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type ServiceConfig, serviceConfig } from '../config/index.ts';
import type { KeyRing } from '../config/key-ring.ts';
import { suiteVariable } from './env.ts';
import { testSecret } from './tokens.ts';

/**
 * Configuration of a service in a test: free ports, the suite's Keycloak, a key ring of its own. The test gives what is
 * its own, at least `DATABASE_URL` and `NATS_URL`, as a process would get it.
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
    KEY_RING_FILE: overrides.KEY_RING_FILE ?? testKeyRingFile(),
    LOG_LEVEL: 'fatal',
    ...overrides,
  };
}

/** A key ring with one fresh key. */
export function testKeyRing(): KeyRing {
  return { active: 'k1', keys: { k1: new Uint8Array(randomBytes(32)) } };
}

/** A key ring file with one fresh key; returns its path. */
export function testKeyRingFile(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'midas-keys-')), 'keys.json');
  const keys = { k1: randomBytes(32).toString('base64') };
  writeFileSync(path, JSON.stringify({ active: 'k1', keys }), { mode: 0o600 });
  return path;
}
