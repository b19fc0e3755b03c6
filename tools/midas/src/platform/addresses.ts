import { readRealm } from '../backing/realm.ts';
import { readLive } from '../process/pidfile.ts';
import { GATEWAY } from '../services.ts';

export type Addresses = { readonly gatewayUrl: string; readonly keycloakIssuer: string };

/** Where the running platform of a home is reached; undefined when its gateway or its Keycloak does not run. */
export const addresses = async (
  home: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Addresses | undefined> => {
  const [gateway, keycloak, { realm }] = await Promise.all([
    readLive(home, GATEWAY),
    readLive(home, 'keycloak'),
    readRealm(),
  ]);
  const port = gateway?.ports[`${GATEWAY}.main`];
  const local = keycloak?.ports.keycloak;
  const base = environment.KEYCLOAK_URL ?? (local === undefined ? undefined : `http://localhost:${local}`);
  if (port === undefined || base === undefined) return undefined;
  return {
    gatewayUrl: `http://localhost:${port}`,
    keycloakIssuer: `${base.replace(/\/+$/, '')}/realms/${realm}`,
  };
};
