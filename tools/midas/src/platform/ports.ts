import { rememberPorts } from '../backing/state.ts';
import { readLive } from '../process/pidfile.ts';
import { isFree } from '../process/ports.ts';
import { GATEWAY } from '../services.ts';
import type { ServicePorts } from './environment.ts';

const GATEWAY_PORT = 8080;

const mainOf = (service: string): string => `${service}.main`;
const adminOf = (service: string): string => `${service}.admin`;

const livePorts = async (home: string, services: readonly string[]): Promise<Record<string, number>> => {
  const records = await Promise.all(services.map((name) => readLive(home, name)));
  return Object.assign({}, ...records.map((each) => each?.ports ?? {}));
};

/**
 * The ports of all processes. The gateway keeps the one it has, else takes `wanted` (8080 by default) if it is free;
 * `gatewayMoved` says that it was not.
 */
export const choosePorts = async (
  home: string,
  services: readonly string[],
  wanted?: number,
): Promise<{ readonly ports: ServicePorts; readonly gatewayMoved: boolean }> => {
  const live = await livePorts(home, services);
  const held = live[mainOf(GATEWAY)];
  const asked = wanted ?? held ?? GATEWAY_PORT;
  const available = asked === held || (await isFree(asked));
  const fixed = available ? { ...live, [mainOf(GATEWAY)]: asked } : live;
  const names = services.flatMap((service) => [mainOf(service), adminOf(service)]);
  const chosen = await rememberPorts(home, names, fixed);
  const ports = services.map((service): [string, ServicePorts[string]] => [
    service,
    { main: chosen[mainOf(service)] ?? 0, admin: chosen[adminOf(service)] ?? 0 },
  ]);
  return { ports: Object.fromEntries(ports), gatewayMoved: !available };
};
