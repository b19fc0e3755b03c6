import { readLive } from '../process/pidfile.ts';
import { keycloakVersion } from './keycloak.ts';
import { natsVersion } from './nats.ts';
import { postgresUrl, postgresVersion } from './postgres.ts';
import { rememberedSecret, SUPERUSER_SECRET } from './state.ts';

/** A backing service as it is now; `elsewhere` is one that is used from a URL. */
export type BackingStatus = {
  readonly name: string;
  readonly kind: 'backing';
  readonly state: 'ready' | 'not ready' | 'stopped' | 'elsewhere';
  readonly pid?: number;
  readonly port?: number;
  readonly version?: string;
  readonly log?: string;
};

type Watched = {
  readonly name: string;
  readonly variable: string;
  readonly port: string;
  readonly version: (ports: Readonly<Record<string, number>>) => Promise<string | undefined>;
};

const watched = (home: string): readonly Watched[] => [
  {
    name: 'postgres',
    variable: 'DATABASE_URL',
    port: 'postgres',
    version: async (ports) =>
      postgresVersion(postgresUrl(ports.postgres ?? 0, await rememberedSecret(home, SUPERUSER_SECRET))),
  },
  { name: 'nats', variable: 'NATS_URL', port: 'nats', version: (ports) => natsVersion(ports.monitor ?? 0) },
  {
    name: 'keycloak',
    variable: 'KEYCLOAK_URL',
    port: 'keycloak',
    version: (ports) => keycloakVersion(ports.management ?? 0),
  },
];

const statusOf = async (
  home: string,
  each: Watched,
  environment: NodeJS.ProcessEnv,
): Promise<BackingStatus> => {
  if (environment[each.variable]) return { name: each.name, kind: 'backing', state: 'elsewhere' };
  const record = await readLive(home, each.name);
  if (!record) return { name: each.name, kind: 'backing', state: 'stopped' };
  const version = await each.version(record.ports);
  const port = record.ports[each.port];
  return {
    name: each.name,
    kind: 'backing',
    state: version ? 'ready' : 'not ready',
    pid: record.pid,
    log: record.log,
    ...(port === undefined ? {} : { port }),
    ...(version ? { version } : {}),
  };
};

/** How the backing services of a home are. Starts nothing. */
export const backingStatus = (
  home: string,
  environment: NodeJS.ProcessEnv,
): Promise<readonly BackingStatus[]> =>
  Promise.all(watched(home).map((each) => statusOf(home, each, environment)));
