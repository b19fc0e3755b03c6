import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../process/run.ts';
import { asTask, type Progress } from '../progress/index.ts';
import { cacheFolder, exists, installOnce } from './install.ts';
import { KEYCLOAK_VERSION, MAVEN_DEPENDENCY_PLUGIN } from './versions.ts';

const PLUGIN = `org.apache.maven.plugins:maven-dependency-plugin:${MAVEN_DEPENDENCY_PLUGIN}`;
const ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${KEYCLOAK_VERSION}:zip`;

// Its own file database: the local platform's tests stop PostgreSQL, and signing in must not stop with it.
const BUILD_OPTIONS = ['--db=dev-file', '--health-enabled=true'];

const unpacked = (cache: string): string => cacheFolder(cache, 'keycloak-dist', KEYCLOAK_VERSION);
export const keycloakHome = (cache: string): string => cacheFolder(cache, 'keycloak', KEYCLOAK_VERSION);

/** What is still to be done before Keycloak can start. */
export const keycloakNeeds = async (cache: string): Promise<{ download: boolean; build: boolean }> => {
  const build = !(await exists(keycloakHome(cache)));
  return { build, download: build && !(await exists(unpacked(cache))) };
};

/** Downloads Keycloak with Maven and builds it for this configuration, each once. */
export const installKeycloak = async (
  cache: string,
  progress: Progress,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const needs = await keycloakNeeds(cache);
  if (!needs.build) return;
  const download = () =>
    installOnce(unpacked(cache), async (partial) => {
      const options = [`-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${partial}`];
      await run(
        'mvn',
        ['-B', '-q', `${PLUGIN}:unpack`, ...options],
        'Keycloak could not be downloaded with Maven.',
        {
          cwd: partial,
          env: environment,
        },
      );
    });
  if (needs.download)
    await asTask(progress, `Downloading Keycloak ${KEYCLOAK_VERSION}, this once`, download, {
      expectedSeconds: 20,
    });
  const build = () =>
    installOnce(keycloakHome(cache), async (partial) => {
      await cp(join(unpacked(cache), `keycloak-${KEYCLOAK_VERSION}`), partial, { recursive: true });
      await run(
        'sh',
        [join(partial, 'bin/kc.sh'), 'build', ...BUILD_OPTIONS],
        'Keycloak could not be built.',
        {
          cwd: partial,
          env: environment,
        },
      );
    });
  await asTask(progress, 'Building Keycloak, this once', build, { expectedSeconds: 35 });
};
