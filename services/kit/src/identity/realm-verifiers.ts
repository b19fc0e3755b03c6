import type { ServiceConfig } from '../config/config.ts';
import { meters } from '../telemetry/meters.ts';
import { introspection } from './introspection.ts';
import { keySet } from './key-set.ts';
import { liveVerifier } from './live-verifier.ts';
import { type TokenVerifier, tokenVerifier } from './verifier.ts';

export type RealmVerifiers = {
  readonly verifyService: TokenVerifier;
  readonly verifyUser: TokenVerifier;
};

type Config = Pick<
  ServiceConfig,
  'KEYCLOAK_ISSUER' | 'KEYCLOAK_INTERNAL_URL' | 'SERVICE_CLIENT_SECRET' | 'TOKEN_RECHECK_SECONDS'
>;

/**
 * The verifiers of one service. A user's token is asked about at Keycloak; a service's own is not, since it could name
 * no second audience for that: it ends within its five minutes, and its client can be disabled or its key taken away.
 */
export function realmVerifiers(name: string, config: Config): RealmVerifiers {
  const issuer = config.KEYCLOAK_ISSUER;
  const endpoint = `${config.KEYCLOAK_INTERNAL_URL.replace(/\/$/, '')}/protocol/openid-connect`;
  const keys = keySet({ url: `${endpoint}/certs` });
  const clientId = `service-${name}`;
  const introspect = introspection({
    url: `${endpoint}/token/introspect`,
    clientId,
    secret: config.SERVICE_CLIENT_SECRET,
  });
  return {
    verifyService: tokenVerifier({ issuer, audiences: [name], keys }),
    verifyUser: liveVerifier({
      verify: tokenVerifier({ issuer, audiences: ['midas', clientId], keys }),
      introspect,
      recheckMs: config.TOKEN_RECHECK_SECONDS * 1000,
      asked: (outcome) => meters.introspections({ service: name, outcome }),
    }),
  };
}
