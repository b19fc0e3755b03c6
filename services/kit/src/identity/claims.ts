import type { JWTPayload } from 'jose';
import { z } from 'zod';
import { anonymous, type Caller } from './caller.ts';

/** What kit reads of an access token, after its signature, issuer, times and audience were checked. */
export type Claims = z.infer<typeof claimsShape>;

const name = z.string().max(200);
const claimsShape = z.object({
  sub: name.min(1),
  exp: z.number(),
  aud: z.union([name, z.array(name)]).transform((aud) => (typeof aud === 'string' ? [aud] : aud)),
  azp: name.default(''),
  /** Neither an ID token nor a refresh token, nor one bound to a key that we would have to see. */
  typ: z.literal('Bearer'),
  preferred_username: name.default(''),
  organisation: name.default(''),
  organisation_kind: name.default(''),
  teams: z.array(name).default([]),
  realm_access: z.object({ roles: z.array(name).default([]) }).default({ roles: [] }),
});

/** Claims of a token's payload; undefined when one has the wrong shape. */
export function claimsOf(payload: JWTPayload): Claims | undefined {
  const parsed = claimsShape.safeParse(payload);
  return parsed.success ? parsed.data : undefined;
}

const prefix = 'service-';

/**
 * Name of the service that a credential belongs to: its one audience must be `callee`, its client `service-<name>`
 * and that service's role must be on it. Undefined when it is no such credential.
 */
export function serviceOf(claims: Claims, callee: string): string | undefined {
  if (claims.aud.length !== 1 || claims.aud[0] !== callee) return undefined;
  if (!claims.azp.startsWith(prefix)) return undefined;
  const service = claims.azp.slice(prefix.length);
  return claims.realm_access.roles.includes(`service:${service}`) ? service : undefined;
}

/** The user (a person, or a partner's system) that a token speaks for; undefined for a service's own token. */
export function userOf(claims: Claims, token: string, via: string): Caller | undefined {
  const roles = claims.realm_access.roles;
  if (claims.azp.startsWith(prefix) || roles.some((role) => role.startsWith('service:'))) return undefined;
  return {
    kind: 'user',
    subject: claims.sub,
    userName: claims.preferred_username,
    client: claims.azp,
    organisation: claims.organisation,
    organisationKind: claims.organisation_kind,
    roles,
    teams: claims.teams,
    token,
    purpose: '',
    via,
  };
}

/** A service acting for itself: its only role is its own. */
export function serviceCaller(claims: Claims, service: string): Caller {
  return {
    ...anonymous(service),
    kind: 'service',
    subject: claims.sub,
    client: claims.azp,
    roles: [`service:${service}`],
  };
}
