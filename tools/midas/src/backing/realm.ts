import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '../paths.ts';

const group = z.looseObject({
  name: z.string(),
  attributes: z.record(z.string(), z.array(z.string())).optional(),
  get subGroups() {
    return z.array(group).optional();
  },
});
type Group = z.infer<typeof group>;

const client = z.looseObject({
  clientId: z.string(),
  publicClient: z.boolean(),
  secret: z.string().optional(),
  defaultClientScopes: z.array(z.string()),
  optionalClientScopes: z.array(z.string()),
});

const realmFile = z.looseObject({
  realm: z.literal('midas'),
  roles: z.object({ realm: z.array(z.looseObject({ name: z.string() })) }),
  groups: z.array(group),
  clients: z.array(client),
  clientScopes: z.array(z.looseObject({ name: z.string() })),
  users: z.array(z.looseObject({ username: z.string() })),
});

const demoFile = z.object({
  description: z.string(),
  password: z.string(),
  teams: z.array(z.string()),
  clients: z.array(client),
  users: z.array(
    z.strictObject({
      username: z.string(),
      role: z.string(),
      organisation: z.string(),
      teams: z.array(z.string()).optional(),
    }),
  ),
});

/** A Keycloak realm as its import takes it; only the parts that are read here are typed. */
export type Realm = Readonly<z.infer<typeof realmFile>>;
/** The people, their password and the sign-in client of the local demo. */
export type DemoPeople = Readonly<z.infer<typeof demoFile>>;

const FOLDER = join(ROOT, 'infra/keycloak');
const readJson = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(FOLDER, name), 'utf8'));

export const readRealm = async (): Promise<Realm> => realmFile.parse(await readJson('realm.json'));
export const readDemoPeople = async (): Promise<DemoPeople> =>
  demoFile.parse(await readJson('demo-users.json'));

/** The clients that sign in with a secret: processes and partners' systems. */
export const confidentialClients = (realm: Realm): readonly string[] =>
  realm.clients.filter((each) => !each.publicClient).map((each) => each.clientId);

const ORGANISATIONS = 'organisations';
const TEAMS_OF = 'provider';

const withTeams = (groups: readonly Group[], teams: readonly string[]): Group[] =>
  groups.map((each) => ({
    ...each,
    subGroups: each.subGroups?.map((organisation) =>
      organisation.name === TEAMS_OF
        ? { ...organisation, subGroups: teams.map((team) => ({ name: team, attributes: { team: [team] } })) }
        : organisation,
    ),
  }));

const demoUser = (user: DemoPeople['users'][number], password: string) => ({
  username: user.username,
  enabled: true,
  requiredActions: [],
  credentials: [{ type: 'password', value: password, temporary: false }],
  realmRoles: [user.role],
  groups: [
    `/${ORGANISATIONS}/${user.organisation}`,
    ...(user.teams ?? []).map((team) => `/${ORGANISATIONS}/${user.organisation}/${team}`),
  ],
});

/** The local realm: the production realm, the secrets of its confidential clients, and the people of the demo. */
export const composeRealm = (
  realm: Realm,
  people: DemoPeople,
  secrets: Readonly<Record<string, string>>,
): Realm => {
  const given = new Set<string>();
  const withSecret = realm.clients.map((each) => {
    if (each.publicClient) return each;
    const secret = secrets[each.clientId];
    if (!secret) throw new Error(`No secret for the client ${each.clientId}.`);
    if (given.has(secret)) throw new Error(`The client ${each.clientId} shares its secret with another.`);
    given.add(secret);
    return { ...each, secret };
  });
  return {
    ...realm,
    groups: withTeams(realm.groups, people.teams),
    clients: [...withSecret, ...people.clients],
    users: [...realm.users, ...people.users.map((user) => demoUser(user, people.password))],
  };
};

const CALL_SCOPE = 'to-';

/** Which services a process may call, read from the scopes that its Keycloak client may ask for. */
export const calleesOf = (realm: Realm, service: string): readonly string[] => {
  const own = realm.clients.find((each) => each.clientId === `service-${service}`);
  return (own?.optionalClientScopes ?? [])
    .filter((scope) => scope.startsWith(CALL_SCOPE))
    .map((scope) => scope.slice(CALL_SCOPE.length));
};
