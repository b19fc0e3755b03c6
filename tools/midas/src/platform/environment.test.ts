import { describe, expect, it } from 'vitest';
import { type EnvironmentInput, processEnvironment } from './environment.ts';
import { gaugeSum } from './metrics.ts';

const input = (service: string, more: Partial<EnvironmentInput> = {}): EnvironmentInput => ({
  service,
  backing: {
    databaseUrl: 'postgresql://midas:top@127.0.0.1:5000/postgres?sslmode=disable',
    natsUrl: 'nats://127.0.0.1:5001',
    natsSeedFiles: { case: '/keys/nats/case.nk', 'midas-admin': '/keys/nats/midas-admin.nk' },
    keycloakIssuer: 'http://localhost:5002/realms/midas',
    keycloakInternalUrl: 'http://127.0.0.1:5002/realms/midas',
  },
  ports: {
    gateway: { main: 8080, admin: 6000 },
    case: { main: 6001, admin: 6002 },
    'health-access': { main: 6003, admin: 6004 },
  },
  callees: ['case', 'health-access'],
  keepsDatabase: service !== 'gateway',
  databasePassword: 'pass/word',
  keyRingFile: '/keys/ring.json',
  clientSecretFile: '/keys/secret',
  auditHeadsFile: '/home/audit-heads.jsonl',
  compileCache: '/home/compiled',
  outer: {
    PATH: '/bin',
    AWS_SECRET: 'no',
    MARAC_REPEAT_WINDOW_MONTHS: '1',
    DATABASE_URL: 'postgresql://outer',
  },
  ...more,
});

describe('the environment of a process', () => {
  it('names its own database and role, never the one that the tool was given', () => {
    const environment = processEnvironment(input('health-access'));
    const url = new URL(environment.DATABASE_URL ?? '');
    expect(url.pathname).toBe('/midas_health_access');
    expect(url.username).toBe('midas_health_access_app');
    expect(decodeURIComponent(url.password)).toBe('pass/word');
    expect(url.search).toBe('?sslmode=disable');
  });

  it('has the addresses of those it calls, and of nobody else', () => {
    const environment = processEnvironment(
      input('risk', { ports: { ...input('risk').ports, risk: { main: 1, admin: 2 } }, callees: ['case'] }),
    );
    expect(environment.CASE_ADDRESS).toBe('127.0.0.1:6001');
    expect(environment.HEALTH_ACCESS_ADDRESS).toBeUndefined();
  });

  it('has the seed of its own NATS user, by file, and of no other', () => {
    expect(processEnvironment(input('case'))).toMatchObject({
      NATS_URL: 'nats://127.0.0.1:5001',
      NATS_NKEY_SEED_FILE: '/keys/nats/case.nk',
    });
    expect(JSON.stringify(processEnvironment(input('health-access')))).not.toContain('.nk');
    expect(JSON.stringify(processEnvironment(input('gateway')))).not.toMatch(/NATS|\.nk/);
  });

  it('passes on settings for processes and keeps back everything else', () => {
    const environment = processEnvironment(input('case'));
    expect(environment).toMatchObject({ PATH: '/bin', MARAC_REPEAT_WINDOW_MONTHS: '1', GRPC_PORT: '6001' });
    expect(environment).not.toHaveProperty('AWS_SECRET');
  });

  it('copies heads of the audit trail into the home, unless a person says where else', () => {
    expect(processEnvironment(input('case')).AUDIT_HEADS_FILE).toBe('/home/audit-heads.jsonl');
    const outer = { AUDIT_HEADS_FILE: '/mnt/heads' };
    expect(processEnvironment(input('case', { outer })).AUDIT_HEADS_FILE).toBe('/mnt/heads');
  });

  it('gives the gateway an HTTP port and no database', () => {
    const environment = processEnvironment(input('gateway'));
    expect(environment).toMatchObject({ HTTP_PORT: '8080', ADMIN_PORT: '6000' });
    expect(environment).not.toHaveProperty('DATABASE_URL');
    expect(environment).not.toHaveProperty('GRPC_PORT');
    expect(environment).not.toHaveProperty('AUDIT_HEADS_FILE');
  });
});

describe('a gauge', () => {
  const text = [
    '# TYPE midas_outbox_pending gauge',
    'midas_outbox_pending{service="case"} 3',
    'midas_outbox_pending{service="risk"} 4.0 1700000000',
    'midas_outbox_pending_total 9',
    'midas_nothing NaN',
  ].join('\n');

  it('is summed over its labels, and not with others of a longer name', () => {
    expect(gaugeSum(text, 'midas_outbox_pending')).toBe(7);
  });

  it('is unknown when it is not shown or no number', () => {
    expect(gaugeSum(text, 'midas_consumer_pending')).toBeUndefined();
    expect(gaugeSum(text, 'midas_nothing')).toBeUndefined();
  });
});
