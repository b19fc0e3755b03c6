import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsServer, removeHome, startBacking } from '@midas/cli/backing';
import { adminSecret } from './admin.ts';
import { makeTemplates } from './templates.ts';

const demoUsers = join(import.meta.dirname, '../../infra/keycloak/demo-users.json');

/**
 * Starts what every test stands on, once a run, in a home of its own, and stops it at the end. With
 * `MIDAS_TEST_HOME` that home is used and left running, so that the next run starts at once.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const kept = process.env.MIDAS_TEST_HOME;
  const home = kept ?? (await mkdtemp(join(tmpdir(), 'midas-test-')));
  const teardown = async (): Promise<void> => {
    if (kept === undefined) await removeHome(home);
  };
  try {
    const backing = await startBacking({ home });
    const appPassword = randomBytes(12).toString('hex');
    await makeTemplates(backing.databaseUrl, appPassword);
    const secrets = join(home, 'test-secrets.json');
    const admin = backing.keycloakAdmin?.password ?? process.env.KEYCLOAK_ADMIN_PASSWORD ?? '';
    await writeFile(secrets, JSON.stringify({ ...backing.clientSecrets, [adminSecret]: admin }), {
      mode: 0o600,
    });
    Object.assign(process.env, {
      MIDAS_TEST_DATABASE_URL: backing.databaseUrl,
      MIDAS_TEST_APP_PASSWORD: appPassword,
      MIDAS_TEST_KEYCLOAK_ISSUER: backing.keycloakIssuer,
      MIDAS_TEST_KEYCLOAK_INTERNAL_URL: backing.keycloakInternalUrl,
      MIDAS_TEST_SECRETS_FILE: secrets,
      MIDAS_TEST_KEYCLOAK_ADMIN: backing.keycloakAdmin?.user ?? process.env.KEYCLOAK_ADMIN_USER ?? '',
      MIDAS_TEST_DEMO_PASSWORD: await demoPassword(),
      MIDAS_TEST_NATS_SERVER: await natsServer(),
    });
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}

async function demoPassword(): Promise<string> {
  const file: unknown = JSON.parse(await readFile(demoUsers, 'utf8'));
  const password =
    typeof file === 'object' && file !== null && 'password' in file ? file.password : undefined;
  if (typeof password !== 'string') throw new Error('the demo users have no password');
  return password;
}
