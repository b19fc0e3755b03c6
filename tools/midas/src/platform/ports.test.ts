import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startOf } from '../process/identity.ts';
import { writePidFile } from '../process/pidfile.ts';
import { findFreePort } from '../process/ports.ts';
import { choosePorts } from './ports.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'midas-ports-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const services = ['gateway', 'risk'];

it('gives the gateway the port that was asked for, and every process ports of its own', async () => {
  const wanted = await findFreePort(new Set());
  const { ports, gatewayMoved } = await choosePorts(home, services, wanted);
  expect(gatewayMoved).toBe(false);
  expect(ports.gateway?.main).toBe(wanted);
  const all = services.flatMap((name) => [ports[name]?.main, ports[name]?.admin]);
  expect(new Set(all).size).toBe(4);
  expect(await choosePorts(home, services, wanted)).toEqual({ ports, gatewayMoved });
});

it('finds another port when the wanted one is taken, and says so', async () => {
  const wanted = await findFreePort(new Set());
  const other = createServer().listen(wanted, '127.0.0.1');
  await once(other, 'listening');
  try {
    const { ports, gatewayMoved } = await choosePorts(home, services, wanted);
    expect(gatewayMoved).toBe(true);
    expect(ports.gateway?.main).toBeGreaterThan(0);
    expect(ports.gateway?.main).not.toBe(wanted);
  } finally {
    other.close();
  }
});

it('leaves a running gateway where it is', async () => {
  const held = await findFreePort(new Set());
  const gateway = createServer().listen(held, '127.0.0.1');
  await once(gateway, 'listening');
  try {
    await writePidFile(home, {
      name: 'gateway',
      pid: process.pid,
      started: (await startOf(process.pid)) ?? '',
      ports: { 'gateway.main': held },
      log: '',
      fingerprint: '',
    });
    const { ports, gatewayMoved } = await choosePorts(home, services);
    expect({ main: ports.gateway?.main, gatewayMoved }).toEqual({ main: held, gatewayMoved: false });
  } finally {
    gateway.close();
  }
});
