import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { composeRealm, confidentialClients, readDemoPeople, readRealm } from '@midas/cli/backing';
import { suiteVariable, testSecret } from '@midas/kit/testing';
import { adminSecret } from './admin.ts';

type Form = Readonly<Record<string, string>>;

/** What Keycloak gives at a sign-in with `scope=openid`. */
export interface SignedIn {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token: string;
}

/** A signing key of the realm, of which a test may hold the private part. */
export interface RealmKey {
  readonly kid: string;
  /** PEM; empty for a key that Keycloak made. */
  readonly privateKey: string;
  /** PEM. */
  readonly publicKey: string;
  remove(): Promise<void>;
}

/** A realm of a test's own in the suite's Keycloak, with the people of the demo, for what would disturb the others. */
export interface OwnRealm extends AsyncDisposable {
  readonly issuer: string;
  /** The same as a process reaches it. */
  readonly internalUrl: string;
  signIn(userName: string): Promise<SignedIn>;
  /** The token of a confidential client; with `callee`, for that service alone. */
  clientToken(client: string, callee?: string): Promise<string>;
  /** A token of the administrator, of the realm `master`. */
  foreignToken(): Promise<string>;
  enable(userName: string, isEnabled: boolean): Promise<void>;
  enableClient(client: string, isEnabled: boolean): Promise<void>;
  signOut(userName: string): Promise<void>;
  takeRole(userName: string, role: string): Promise<void>;
  takeOrganisation(userName: string): Promise<void>;
  /** A key that the realm publishes and trusts, but does not sign with; the test may. */
  trustKey(): Promise<RealmKey>;
  /** A new key that the realm signs with from now on. */
  rotate(): Promise<RealmKey>;
  /** The key that the realm has signed with since it was made. */
  firstKey(): Promise<RealmKey>;
}

type Found = Readonly<Record<string, unknown>> & { readonly id: string };

/** Makes a realm of its own, from the files that the suite's is made of. */
export async function ownRealm(): Promise<OwnRealm> {
  const name = `midas-${randomUUID()}`;
  const base = new URL(suiteVariable('MIDAS_TEST_KEYCLOAK_INTERNAL_URL')).origin;
  const publicBase = new URL(suiteVariable('MIDAS_TEST_KEYCLOAK_ISSUER')).origin;
  const issuer = `${publicBase}/realms/${name}`;
  const [plain, people] = await Promise.all([readRealm(), readDemoPeople()]);
  const secrets = Object.fromEntries(confidentialClients(plain).map((id) => [id, testSecret(id)]));

  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${base}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${await foreignToken()}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Keycloak answered ${response.status} to ${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const foreignToken = async (): Promise<string> =>
    (
      await grant(`${base}/realms/master`, {
        grant_type: 'password',
        client_id: 'admin-cli',
        username: suiteVariable('MIDAS_TEST_KEYCLOAK_ADMIN'),
        password: testSecret(adminSecret),
      })
    ).access_token;
  const list = async (path: string): Promise<readonly Found[]> =>
    (await admin('GET', `/${name}${path}`)) as readonly Found[];
  const one = async (path: string): Promise<Found> => {
    const [found] = await list(path);
    if (found === undefined) throw new Error(`Keycloak has nothing at ${path}`);
    return found;
  };
  const user = (userName: string) => one(`/users?exact=true&username=${encodeURIComponent(userName)}`);
  const keyOf = async (component: string, privateKey: string): Promise<RealmKey> => {
    const { keys } = (await admin('GET', `/${name}/keys`)) as {
      readonly keys: readonly Readonly<Record<'providerId' | 'kid' | 'publicKey', string>>[];
    };
    const found = keys.find(({ providerId }) => providerId === component);
    if (found === undefined) throw new Error('the realm does not publish the key');
    return {
      kid: found.kid,
      privateKey,
      publicKey: `-----BEGIN PUBLIC KEY-----\n${found.publicKey}\n-----END PUBLIC KEY-----\n`,
      remove: async () => void (await admin('DELETE', `/${name}/components/${component}`)),
    };
  };
  const components = () => list('/components?type=org.keycloak.keys.KeyProvider');
  const addKey = async (providerId: string, config: Form, privateKey = ''): Promise<RealmKey> => {
    const id = randomUUID();
    await admin('POST', `/${name}/components`, {
      name: id,
      providerId,
      providerType: 'org.keycloak.keys.KeyProvider',
      config: Object.fromEntries(Object.entries(config).map(([key, value]) => [key, [value]])),
    });
    const made = (await components()).find((each) => each.name === id);
    if (made === undefined) throw new Error('the key was not added');
    return keyOf(made.id, privateKey);
  };

  await admin('POST', '', { ...composeRealm(plain, people, secrets), realm: name });
  return {
    issuer,
    internalUrl: `${base}/realms/${name}`,
    signIn: (userName) =>
      grant(issuer, {
        grant_type: 'password',
        client_id: 'midas-demo',
        username: userName,
        password: people.password,
        scope: 'openid',
      }),
    clientToken: async (client, callee) =>
      (
        await grant(issuer, {
          grant_type: 'client_credentials',
          client_id: client,
          client_secret: secrets[client] ?? '',
          ...(callee === undefined ? {} : { scope: `to-${callee}` }),
        })
      ).access_token,
    foreignToken,
    enable: async (userName, enabled) =>
      void (await admin('PUT', `/${name}/users/${(await user(userName)).id}`, { enabled })),
    enableClient: async (client, enabled) => {
      const found = await one(`/clients?clientId=${client}`);
      await admin('PUT', `/${name}/clients/${found.id}`, { ...found, enabled });
    },
    signOut: async (userName) =>
      void (await admin('POST', `/${name}/users/${(await user(userName)).id}/logout`)),
    takeRole: async (userName, role) => {
      const found = await admin('GET', `/${name}/roles/${role}`);
      await admin('DELETE', `/${name}/users/${(await user(userName)).id}/role-mappings/realm`, [found]);
    },
    takeOrganisation: async (userName) => {
      const { id } = await user(userName);
      for (const group of await list(`/users/${id}/groups`))
        await admin('DELETE', `/${name}/users/${id}/groups/${group.id}`);
    },
    trustKey: () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      // Below the first key: it is published, and Keycloak signs with the other.
      return addKey('rsa', { priority: '1', algorithm: 'RS256', privateKey: pem }, pem);
    },
    rotate: () => addKey('rsa-generated', { priority: '1000', algorithm: 'RS256', keySize: '2048' }),
    firstKey: async () => {
      const first = (await components()).find(({ name }) => name === 'rsa-generated');
      if (first === undefined) throw new Error('the realm has no first key');
      return keyOf(first.id, '');
    },
    [Symbol.asyncDispose]: async () => void (await admin('DELETE', `/${name}`)),
  };
}

async function grant(realm: string, form: Form): Promise<SignedIn> {
  const response = await fetch(`${realm}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
    signal: AbortSignal.timeout(30_000),
  });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`Keycloak gave no token: ${response.status} ${JSON.stringify(body)}`);
  return body as SignedIn;
}
