import { userError } from '../errors.ts';
import { composeRealm, confidentialClients, readDemoPeople, readRealm } from './realm.ts';

const ADMIN_ADVICE =
  'Set KEYCLOAK_ADMIN_USER and KEYCLOAK_ADMIN_PASSWORD to an administrator of that Keycloak.';

const adminToken = async (url: string, environment: NodeJS.ProcessEnv): Promise<string> => {
  const user = environment.KEYCLOAK_ADMIN_USER;
  const password = environment.KEYCLOAK_ADMIN_PASSWORD;
  if (!user || !password) throw userError('KEYCLOAK_URL is set, but no administrator.', ADMIN_ADVICE);
  const answer = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username: user, password }),
  });
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.ok && typeof body === 'object' && body && 'access_token' in body)
    return String(body.access_token);
  throw userError(
    `The Keycloak at ${url} does not know this administrator (${answer.status}).`,
    ADMIN_ADVICE,
  );
};

const jsonOf = async (answer: Response, what: string): Promise<unknown> => {
  if (answer.ok) return answer.json();
  throw userError(
    `Keycloak answered ${answer.status} when asked for ${what}.`,
    'See the log of that Keycloak.',
  );
};

const secretOf = async (
  admin: string,
  headers: Record<string, string>,
  clientId: string,
): Promise<string> => {
  const query = new URLSearchParams({ clientId });
  const found = await jsonOf(await fetch(`${admin}/clients?${query}`, { headers }), `the client ${clientId}`);
  const first: unknown = Array.isArray(found) ? found[0] : undefined;
  if (typeof first !== 'object' || !first || !('id' in first))
    throw userError(`The realm has no client ${clientId}.`, 'Compare it with infra/keycloak/realm.json.');
  const path = `${admin}/clients/${String(first.id)}/client-secret`;
  const secret = await jsonOf(await fetch(path, { headers }), `the secret of ${clientId}`);
  return typeof secret === 'object' && secret && 'value' in secret ? String(secret.value) : '';
};

/**
 * Uses a Keycloak of somebody else's: makes the realm if it has none, and reads the clients' secrets from it.
 * The people of the demo are part of a realm made here, so this is no way to set up production.
 */
export const useExternalKeycloak = async (
  url: string,
  secrets: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv,
): Promise<Record<string, string>> => {
  const realm = await readRealm();
  const headers = {
    authorization: `Bearer ${await adminToken(url, environment)}`,
    'content-type': 'application/json',
  };
  const admin = `${url}/admin/realms/${realm.realm}`;
  const there = await fetch(admin, { headers });
  if (there.status === 404) {
    const body = JSON.stringify(composeRealm(realm, await readDemoPeople(), secrets));
    const made = await fetch(`${url}/admin/realms`, { method: 'POST', headers, body });
    if (!made.ok)
      throw userError(`Keycloak would not make the realm (${made.status}).`, 'See the log of that Keycloak.');
  }
  const entries = confidentialClients(realm).map(
    async (id) => [id, await secretOf(admin, headers, id)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
};
