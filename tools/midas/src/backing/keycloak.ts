import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stopDetached } from '../process/detached.ts';
import { ensureRunning } from '../process/ensure.ts';
import { fingerprintOf } from '../process/fingerprint.ts';
import type { ProcessRecord } from '../process/pidfile.ts';
import { exists } from './install.ts';
import { javaCommand } from './prerequisites.ts';
import type { Realm } from './realm.ts';
import { writeJson } from './state.ts';
import { KEYCLOAK_VERSION } from './versions.ts';

const NAME = 'keycloak';
const SHARED = ['lib', 'conf', 'providers', 'themes'];

export type KeycloakPorts = { readonly http: number; readonly management: number };
export type KeycloakAdmin = { readonly user: string; readonly password: string };

// As bin/kc.sh starts it. Java is started without that script, whose shell would stand between us and the process.
// C1 only and the serial collector: it is small here, and starts in two thirds of the time.
const JVM = [
  '-Xms128m',
  '-Xmx512m',
  '-XX:MaxMetaspaceSize=256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.security.egd=file:/dev/urandom',
  '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
  '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
  '-Dpicocli.disable.closures=true',
  '-Dfile.encoding=UTF-8',
  '-Duser.language=en',
  '-Duser.country=US',
  '--add-opens=java.base/java.util=ALL-UNNAMED',
  '--add-opens=java.base/java.util.concurrent=ALL-UNNAMED',
  '--add-opens=java.base/java.security=ALL-UNNAMED',
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
  '--enable-native-access=ALL-UNNAMED',
];

const serverArguments = (folder: string, ports: KeycloakPorts): readonly string[] => [
  ...JVM,
  `-Dkc.home.dir=${folder}`,
  `-Djboss.server.config.dir=${join(folder, 'conf')}`,
  '-cp',
  join(folder, 'lib/quarkus-run.jar'),
  'io.quarkus.bootstrap.runner.QuarkusEntryPoint',
  'start',
  '--optimized',
  '--import-realm',
  // One node: without this it looks for others on the network.
  '--cache=local',
  '--http-enabled=true',
  '--http-host=127.0.0.1',
  `--http-port=${ports.http}`,
  `--http-management-port=${ports.management}`,
  `--hostname=http://localhost:${ports.http}`,
  '--log-level=info,io.smallrye.health:error',
];

/** The version of a Keycloak that is ready, asked of its management port; undefined when it is not. */
export const keycloakVersion = async (managementPort: number): Promise<string | undefined> => {
  try {
    const url = `http://127.0.0.1:${managementPort}/health/ready`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return answer.ok ? KEYCLOAK_VERSION : undefined;
  } catch {
    return undefined;
  }
};

// Written once Keycloak was ready: a first start that was cut off half-way begins again with an empty database.
const importedFile = (folder: string): string => join(folder, 'data/imported');

/** Whether its database has yet to be made, which takes thrice as long as a later start. */
export const isFirstStart = async (home: string): Promise<boolean> =>
  !(await exists(importedFile(join(home, 'keycloak'))));

/**
 * Keycloak's home of this platform: the program is shared between clones, data and import are not. The realm is read
 * once, into an empty database; when the files it is made of have changed, the database is made anew.
 */
const prepareFolder = async (folder: string, installation: string, realm: Realm): Promise<void> => {
  await mkdir(join(folder, 'data/import'), { recursive: true, mode: 0o700 });
  for (const part of SHARED) {
    await rm(join(folder, part), { force: true });
    await symlink(join(installation, part), join(folder, part));
  }
  const imported = await readFile(importedFile(folder), 'utf8').catch(() => undefined);
  if (imported === fingerprintOf(realm)) return;
  await rm(importedFile(folder), { force: true });
  await rm(join(folder, 'data/h2'), { recursive: true, force: true });
  await writeJson(join(folder, 'data/import/midas-realm.json'), realm);
};

/** Starts Keycloak with this realm unless it runs already; answers once its management port says ready. */
export const startKeycloak = async (options: {
  readonly home: string;
  readonly ports: KeycloakPorts;
  readonly installation: string;
  readonly realm: Realm;
  readonly admin: KeycloakAdmin;
  readonly environment: NodeJS.ProcessEnv;
}): Promise<{ record: ProcessRecord; url: string; version: string }> => {
  const { home, ports, installation, realm, admin, environment } = options;
  const folder = join(home, 'keycloak');
  const args = serverArguments(folder, ports);
  const fingerprint = fingerprintOf(args, installation, realm);
  const { record, ready } = await ensureRunning({
    home,
    name: NAME,
    fingerprint,
    readyWithinMs: 240_000,
    ready: () => keycloakVersion(ports.management),
    prepare: async () => {
      await prepareFolder(folder, installation, realm);
      return {
        home,
        name: NAME,
        command: javaCommand(environment),
        args,
        env: {
          PATH: environment.PATH,
          HOME: environment.HOME,
          KC_BOOTSTRAP_ADMIN_USERNAME: admin.user,
          KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
        },
        cwd: folder,
        ports: { keycloak: ports.http, management: ports.management },
        fingerprint,
      };
    },
  });
  await writeFile(importedFile(folder), fingerprintOf(realm));
  return { record, url: `http://localhost:${ports.http}`, version: ready };
};

export const stopKeycloak = (home: string): Promise<unknown> =>
  stopDetached(home, NAME, { timeoutMs: 20_000 });
