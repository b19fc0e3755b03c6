import { registry } from '@midas/kit';
import { afterEach, describe, expect, it } from 'vitest';
import { type GatewayConfig, gatewayConfig } from './config.ts';
import { readEndpoints } from './contract/endpoint.ts';
import { type RunningGateway, start } from './service.ts';
import { fakeService } from './testing/fake-service.ts';
import { testIssuer } from './testing/issuer.ts';

const peers = ['REFERRAL', 'RISK', 'CASE', 'HEALTH_ACCESS', 'PERPETRATOR_PROGRAMME', 'OUTCOMES'];
const running: { stop: () => Promise<void> }[] = [];

function config(issuer: string, addresses: Readonly<Record<string, string>>): GatewayConfig {
  const parsed = gatewayConfig.parse({
    KEYCLOAK_ISSUER: issuer,
    KEYCLOAK_INTERNAL_URL: issuer,
    SERVICE_CLIENT_SECRET: 'secret',
    LOG_LEVEL: 'silent',
  });
  return { ...parsed, ...addresses };
}

async function run(settings: GatewayConfig): Promise<RunningGateway> {
  const gateway = await start(settings);
  running.push({ stop: gateway.drain });
  return gateway;
}
afterEach(async () => {
  for (const { stop } of running.splice(0).reverse()) await stop();
});

const nowhere = Object.fromEntries(peers.map((peer) => [`${peer}_ADDRESS`, '127.0.0.1:9']));
const readiness = async ({ adminAddress }: RunningGateway) => {
  const response = await fetch(`http://${adminAddress}/readyz`);
  return [response.status, Object(await response.json())] as const;
};

describe('the gateway', () => {
  it('starts while every service and Keycloak are away, ready but degraded', async () => {
    const gateway = await run(config('http://127.0.0.1:9/realms/test', nowhere));
    const [status, body] = await readiness(gateway);
    expect([status, body.status]).toEqual([200, 'degraded']);
    expect(Object.keys(body.dependencies).sort()).toEqual([
      'case',
      'health-access',
      'identity',
      'outcomes',
      'perpetrator-programme',
      'referral',
      'risk',
    ]);
    const response = await fetch(`http://${gateway.address}/v1/referrals`, {
      headers: { authorization: 'Bearer a.b.c' },
    });
    expect(response.status).toBe(401);
  });

  it('does not start without the address of a service of the contract, and says which', async () => {
    const { CASE_ADDRESS, OUTCOMES_ADDRESS, ...others } = nowhere;
    expect([CASE_ADDRESS, OUTCOMES_ADDRESS]).not.toContain(undefined);
    await expect(start(config('http://127.0.0.1:9/realms/test', others))).rejects.toThrow(
      /set CASE_ADDRESS, OUTCOMES_ADDRESS/,
    );
  });

  it('asks for its own credential for the service that answers, and counts the request', async () => {
    const issuer = await testIssuer();
    const service = await fakeService(
      readEndpoints(registry).filter(({ peer }) => peer === 'referral'),
      () => ({}),
    );
    running.push(issuer, service);
    const gateway = await run(config(issuer.issuer, { ...nowhere, REFERRAL_ADDRESS: service.address }));
    const token = issuer.token();
    const response = await fetch(`http://${gateway.address}/v1/referrals`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    expect(issuer.granted()).toEqual([{ client: 'service-gateway', scope: 'to-referral' }]);
    const metadata = service.calls[0]?.metadata;
    expect(metadata?.get('x-user-authorization')).toEqual([`Bearer ${token}`]);
    expect(metadata?.get('authorization')).toEqual(['Bearer granted-to-referral']);
    const [, body] = await readiness(gateway);
    expect(body.dependencies).toMatchObject({ referral: 'up', identity: 'up', case: 'down' });
  });
});
