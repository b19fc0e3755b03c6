import { describe, expect, it } from 'vitest';
import { calleesOf, composeRealm, confidentialClients, readDemoPeople, readRealm } from './realm.ts';

const [realm, people] = await Promise.all([readRealm(), readDemoPeople()]);
const names = confidentialClients(realm);
const secrets = Object.fromEntries(names.map((name) => [name, `secret of ${name}`]));
const composed = composeRealm(realm, people, secrets);

const organisations = realm.groups.flatMap((group) => group.subGroups ?? []);
const roles = realm.roles.realm.map((role) => role.name);

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
