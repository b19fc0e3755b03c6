import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { testKeyRingText } from '../testing/config.ts';
import { loadConfig, serviceConfig } from './config.ts';
import { parseKeyRing } from './key-ring.ts';

const env = {
  DATABASE_URL: 'postgresql://app:hidden-password@localhost:5432/db',
  NATS_URL: 'nats://localhost:4222',
  KEYCLOAK_ISSUER: 'https://id.test/realms/midas',
  KEYCLOAK_INTERNAL_URL: 'http://keycloak:8080/realms/midas',
  SERVICE_CLIENT_SECRET: 'hidden-secret',
  KEY_RING: JSON.stringify(testKeyRingText()),
  GRPC_PORT: '5000',
  PEER_ONE_ADDRESS: 'localhost:5001',
};

const file = (content: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'midas-config-')), 'file');
  writeFileSync(path, content);
  return path;
};

/** Loads as a process would and tells how it ended. */
function load(more: Readonly<Record<string, string | undefined>>, argv: readonly string[] = []) {
  const printed: string[] = [];
  const errors: string[] = [];
  let code: number | undefined;
  const schema = serviceConfig.extend({ WINDOW_MONTHS: z.coerce.number().int().min(1).default(12) });
  try {
    const config = loadConfig(schema, {
      env: { ...env, ...more },
      argv,
      print: (line) => printed.push(line),
      printError: (line) => errors.push(line),
      exit: (ended) => {
        code = ended;
        throw new Error('ended');
      },
    });
    return { config, printed, errors, code };
  } catch {
    return { config: undefined, printed, errors, code };
  }
}

describe('configuration', () => {
  it('lets tokens be asked about more often than every 30 s, never less', () => {
    expect(load({}).config).toMatchObject({ TOKEN_RECHECK_SECONDS: 30 });
    expect(load({ TOKEN_RECHECK_SECONDS: '5' }).config).toMatchObject({ TOKEN_RECHECK_SECONDS: 5 });
    for (const wrong of ['31', '0', '-1', 'NaN', 'Infinity'])
      expect(load({ TOKEN_RECHECK_SECONDS: wrong }).code, wrong).toBe(78);
  });

  it('is read with its defaults, its own variables and the addresses of peers', () => {
    expect(load({ WINDOW_MONTHS: '1' }).config).toMatchObject({
      GRPC_PORT: 5000,
      ADMIN_PORT: 0,
      MIDAS_DEMO: false,
      LOG_LEVEL: 'info',
      WINDOW_MONTHS: 1,
      PEER_ONE_ADDRESS: 'localhost:5001',
    });
  });

  it('takes any variable from a file', () => {
    const { config } = load({
      SERVICE_CLIENT_SECRET: undefined,
      SERVICE_CLIENT_SECRET_FILE: file('from-file\n'),
    });
    expect(config?.SERVICE_CLIENT_SECRET).toBe('from-file');
  });

  it('names every wrong variable on a line of its own and ends with 78', () => {
    const { code, errors } = load({
      DATABASE_URL: 'mysql://hidden-password@x',
      SERVICE_CLIENT_SECRET: undefined,
      GRPC_PORT: 'many',
      PEER_ONE_ADDRESS: 'nowhere',
      NATS_URL_FILE: '/nowhere',
      NATS_URL: undefined,
    });
    expect(code).toBe(78);
    const named = errors.map((line) => line.split(':')[0]);
    for (const name of [
      'DATABASE_URL',
      'SERVICE_CLIENT_SECRET',
      'GRPC_PORT',
      'PEER_ONE_ADDRESS',
      'NATS_URL_FILE',
    ]) {
      expect(named).toContain(name);
    }
    expect(errors.join()).not.toContain('hidden-password');
  });

  it('takes what belongs together whole or not at all', () => {
    const { code, errors } = load({ NATS_USER: 'referral', TLS_CERT_FILE: '/tls/tls.crt' });
    expect(code).toBe(78);
    expect(errors.map((line) => line.split(':')[0])).toEqual([
      'NATS_PASSWORD',
      'TLS_KEY_FILE',
      'TLS_CA_FILE',
    ]);
    const whole = { NATS_USER: 'referral', NATS_PASSWORD: 'hidden-password', TLS_CERT_FILE: '/c' };
    expect(load({ ...whole, TLS_KEY_FILE: '/k', TLS_CA_FILE: '/a' }).config).toMatchObject(whole);
  });

  it('takes no password in the URL of NATS, which it shows', () => {
    const { code, errors } = load({ NATS_URL: 'nats://referral:hidden-password@localhost:4222' });
    expect(code).toBe(78);
    expect(errors.join()).toMatch(/^NATS_URL: /);
    expect(errors.join()).not.toContain('hidden-password');
  });

  it('has no default for a secret', () => {
    expect(load({ SERVICE_CLIENT_SECRET: '' }).code).toBe(78);
  });

  it('is printed with its secrets hidden', () => {
    const seed = `SU${'A'.repeat(56)}`;
    const { code, printed } = load({ NATS_NKEY_SEED: seed }, ['--print-config']);
    expect(code).toBe(0);
    expect(printed.join('\n')).toContain('GRPC_PORT=5000');
    expect(printed.join('\n')).not.toMatch(/hidden-(password|secret)|SUAAA/);
  });
});

describe('a key ring', () => {
  const key = Buffer.alloc(32, 7).toString('base64');
  const ring = (more: object) => JSON.stringify({ active: 'k1', keys: { k1: key }, ...more });

  it('is read with keys of 32 bytes; one key does everything', () => {
    expect(parseKeyRing(ring({}))).toEqual({
      active: 'k1',
      index: 'k1',
      lasting: 'k1',
      keys: { k1: new Uint8Array(32).fill(7) },
    });
  });

  it('names the key of the blind indexes when it has several, and the lasting one where it is not the first', () => {
    const keys = { k1: key, k2: key };
    expect(parseKeyRing(ring({ active: 'k2', index: 'k1', keys }))).toMatchObject({
      active: 'k2',
      index: 'k1',
      lasting: 'k1',
    });
    expect(parseKeyRing(ring({ index: 'k2', lasting: 'k2', keys })).lasting).toBe('k2');
    expect(() => parseKeyRing(ring({ active: 'k2', keys }))).toThrow(/blind indexes as "index"/);
  });

  it.each([
    ['no JSON', 'no'],
    ['no such active key', ring({ active: 'k2' })],
    ['no such key of the indexes', ring({ index: 'k2' })],
    ['no such lasting key', ring({ lasting: 'toString' })],
    ['a short key', ring({ keys: { k1: Buffer.alloc(16, 7).toString('base64') } })],
  ])('with %s is refused and not quoted', (_, content) => {
    expect(() => parseKeyRing(content)).toThrow(/key ring/);
    expect(() => parseKeyRing(content)).not.toThrow(/BwcH/);
  });

  it('comes from the environment or a file, is checked at start and never printed', () => {
    const path = file(ring({}));
    const fromFile = load({ KEY_RING: undefined, KEY_RING_FILE: path }).config;
    expect(fromFile).toMatchObject({ KEY_RING: ring({}), KEY_RING_FILE: path });
    expect(load({ KEY_RING: ring({}) }).config).not.toHaveProperty('KEY_RING_FILE');
    const { code, errors } = load({ KEY_RING: ring({ active: 'k9' }) });
    expect(code).toBe(78);
    expect(errors.join()).toContain(
      'KEY_RING: The key ring is not valid: the active key is not among the keys.',
    );
    expect(load({ KEY_RING: ring({}) }, ['--print-config']).printed.join()).not.toContain(key);
  });
});
