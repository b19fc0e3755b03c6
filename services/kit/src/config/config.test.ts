import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig, serviceConfig } from './config.ts';
import { readKeyRing } from './key-ring.ts';

const env = {
  DATABASE_URL: 'postgresql://app:hidden-password@localhost:5432/db',
  NATS_URL: 'nats://localhost:4222',
  KEYCLOAK_ISSUER: 'https://id.test/realms/midas',
  KEYCLOAK_INTERNAL_URL: 'http://keycloak:8080/realms/midas',
  SERVICE_CLIENT_SECRET: 'hidden-secret',
  KEY_RING_FILE: '/keys/ring.json',
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

  it('has no default for a secret', () => {
    expect(load({ SERVICE_CLIENT_SECRET: '' }).code).toBe(78);
  });

  it('is printed with its secrets hidden', () => {
    const { code, printed } = load({}, ['--print-config']);
    expect(code).toBe(0);
    expect(printed.join('\n')).toContain('GRPC_PORT=5000');
    expect(printed.join('\n')).not.toMatch(/hidden-(password|secret)/);
  });
});

describe('a key ring', () => {
  const key = Buffer.alloc(32, 7).toString('base64');

  it('is read with keys of 32 bytes', () => {
    const ring = readKeyRing(file(JSON.stringify({ active: 'k1', keys: { k1: key } })));
    expect(ring.keys.k1).toEqual(new Uint8Array(32).fill(7));
  });

  it.each([
    ['no JSON', 'no'],
    ['no such active key', JSON.stringify({ active: 'k2', keys: { k1: key } })],
    ['a short key', JSON.stringify({ active: 'k1', keys: { k1: Buffer.alloc(16, 7).toString('base64') } })],
  ])('with %s is refused and not quoted', (_, content) => {
    const path = file(content);
    expect(() => readKeyRing(path)).toThrow(/key ring/);
    expect(() => readKeyRing(path)).not.toThrow(/BwcH/);
  });
});
