import { describe, expect, it } from 'vitest';
import {
  calleesOf,
  composeRealm,
  confidentialClients,
  type Realm,
  readDemoPeople,
  readRealm,
} from './realm.ts';

const [realm, people] = await Promise.all([readRealm(), readDemoPeople()]);
const names = confidentialClients(realm);
const secrets = Object.fromEntries(names.map((name) => [name, `secret of ${name}`]));
const composed = composeRealm(realm, people, secrets);

const organisations = realm.groups.flatMap((group) => group.subGroups ?? []);
const roles = realm.roles.realm.map((role) => role.name);

type Client = Realm['clients'][number] & {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly directAccessGrantsEnabled?: boolean;
  readonly implicitFlowEnabled?: boolean;
};
type Scope = {
  readonly protocolMappers?: readonly { readonly config: Readonly<Record<string, string>> }[];
};
const clients = realm.clients as readonly Client[];
const callees = calleesOf(realm, 'gateway');

const audiencesOf = (scope: string): readonly string[] => {
  const found = realm.clientScopes.find(({ name }) => name === scope) as Scope | undefined;
  return (found?.protocolMappers ?? []).flatMap(
    ({ config }) => config['included.custom.audience'] ?? config['included.client.audience'] ?? [],
  );
};

describe('the production realm', () => {
  it('has service accounts and no people', () => {
    expect(realm.users.map((user) => user.username)).toEqual(
      names.map((name) => expect.stringMatching(`^service-account-${name}$`)),
    );
  });

  it('holds no secret, password or key', () => {
    expect(JSON.stringify(realm)).not.toMatch(/"(secret|credentials|privateKey)"/);
  });

  it('gives every organisation its id and kind', () => {
    for (const { name, attributes } of organisations) {
      expect(attributes?.organisation).toEqual([name]);
      expect(['council', 'ccg', 'provider', 'partner']).toContain(attributes?.organisation_kind?.[0]);
    }
    expect(organisations).toHaveLength(14);
  });

  it('lets the gateway call all six services, and the programme and the outcomes nobody', () => {
    expect(calleesOf(realm, 'gateway')).toHaveLength(6);
    expect(calleesOf(realm, 'perpetrator-programme')).toEqual([]);
    expect(calleesOf(realm, 'outcomes')).toEqual([]);
    expect(calleesOf(realm, 'referral')).toEqual(['case']);
  });

  it('has a scope for each call that a client may make', () => {
    const scopes = realm.clientScopes.map((scope) => scope.name);
    for (const client of realm.clients)
      for (const scope of [...client.defaultClientScopes, ...client.optionalClientScopes])
        expect(scopes).toContain(scope);
  });
});

describe('the tokens of the production realm', () => {
  const settings: Readonly<Record<string, unknown>> = realm;

  it('are signed by RS256 alone and live five minutes', () => {
    expect(settings).toMatchObject({
      defaultSignatureAlgorithm: 'RS256',
      accessTokenLifespan: 300,
      accessTokenLifespanForImplicitFlow: 300,
      revokeRefreshToken: true,
      refreshTokenMaxReuse: 0,
    });
    for (const { clientId, attributes = {} } of clients) {
      expect(attributes['access.token.signed.response.alg'], clientId).toBe('RS256');
      expect(attributes['access.token.lifespan'], clientId).toBeUndefined();
    }
  });

  it('are given to no one for a password, by the implicit flow, or for longer than a session', () => {
    for (const { clientId, directAccessGrantsEnabled, implicitFlowEnabled } of clients)
      expect({ directAccessGrantsEnabled, implicitFlowEnabled }, clientId).toEqual({
        directAccessGrantsEnabled: false,
        implicitFlowEnabled: false,
      });
    expect(realm.clientScopes.map(({ name }) => name)).not.toContain('offline_access');
  });

  it('of people name the platform and every service that asks about them, and no callee', () => {
    expect(audiencesOf('midas')).toEqual(['midas', ...callees.map((name) => `service-${name}`)]);
    expect(audiencesOf('service')).toEqual([]);
    for (const name of callees) expect(audiencesOf(`to-${name}`)).toEqual([name]);
  });

  it('are given to a public client against a proof only', () => {
    for (const { publicClient, attributes } of clients.filter((each) => each.publicClient))
      expect([publicClient, attributes?.['pkce.code.challenge.method']]).toEqual([true, 'S256']);
  });

  it('are guarded against guessing, and their holders cannot change their names or make accounts', () => {
    expect(settings).toMatchObject({
      bruteForceProtected: true,
      editUsernameAllowed: false,
      registrationAllowed: false,
      resetPasswordAllowed: false,
      loginWithEmailAllowed: false,
      rememberMe: false,
    });
    expect(settings.passwordPolicy).toContain('length(12)');
  });

  it('hold no role but those given by name', () => {
    expect(settings.defaultRole).toMatchObject({ composite: false });
    for (const { username, realmRoles } of realm.users) expect(realmRoles, username).toHaveLength(1);
  });
});

describe('the demo people', () => {
  it.each(people.users)('$username is named after a role and an organisation that exist', (user) => {
    expect(roles).toContain(user.role);
    expect(organisations.map((each) => each.name)).toContain(user.organisation);
    expect(user.username.replace(/-\d+@/, '@')).toBe(`${user.role}@${user.organisation}`);
    for (const team of user.teams ?? []) expect(people.teams).toContain(team);
  });

  it('hold every role of a person, and two case-workers are in different teams', () => {
    const forPeople = roles.filter((role) => !role.startsWith('service:') && role !== 'partner-system');
    expect(new Set(people.users.map((user) => user.role))).toEqual(new Set(forPeople));
    const teams = people.users.filter((user) => user.role === 'case-worker').map((user) => user.teams?.[0]);
    expect(new Set(teams).size).toBe(2);
  });

  it('hold one role each, so no token crosses the wall', () => {
    const usernames = people.users.map((user) => user.username);
    expect(new Set(usernames).size).toBe(usernames.length);
  });
});

describe('the local realm', () => {
  it('gives each confidential client its own secret and leaves public ones without', () => {
    for (const client of composed.clients)
      expect(client.secret).toBe(client.publicClient ? undefined : `secret of ${client.clientId}`);
  });

  it('has no client without a secret slip in', () => {
    expect(() => composeRealm(realm, people, { ...secrets, 'service-risk': '' })).toThrow('service-risk');
  });

  it('has no two clients share a secret', () => {
    const shared = { ...secrets, 'service-risk': secrets['service-case'] ?? '' };
    expect(() => composeRealm(realm, people, shared)).toThrow('shares its secret');
  });

  it('adds the people with their groups, and the teams below the provider', () => {
    const caseWorker = composed.users.find((user) => user.username === 'case-worker@provider');
    expect(caseWorker).toMatchObject({
      requiredActions: [],
      realmRoles: ['case-worker'],
      groups: ['/organisations/provider', '/organisations/provider/idva'],
    });
    const provider = composed.groups[0]?.subGroups?.find((group) => group.name === 'provider');
    expect(provider?.subGroups?.map((team) => team.attributes?.team)).toEqual(
      people.teams.map((team) => [team]),
    );
  });

  it('changes nothing of the production realm', () => {
    expect(realm.clients.some((client) => client.clientId === 'midas-demo')).toBe(false);
    expect(realm.users).toHaveLength(names.length);
  });
});
