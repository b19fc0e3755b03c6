import { userError } from '../errors.ts';
import { tryRun } from '../process/run.ts';
import { compareVersions, GO_OLDEST, JAVA_OLDEST } from './versions.ts';

/** A program that must be on the machine: how it is named, and the packages that bring it. */
type Prerequisite = { readonly name: string; readonly debian: string; readonly brew: string };

const JAVA: Prerequisite = {
  name: `Java ${JAVA_OLDEST} or newer`,
  debian: `openjdk-${JAVA_OLDEST}-jre-headless`,
  brew: `openjdk@21`,
};
const MAVEN: Prerequisite = { name: 'Maven', debian: 'maven', brew: 'maven' };
const GO: Prerequisite = { name: `Go ${GO_OLDEST} or newer`, debian: 'golang-go', brew: 'go' };

/** `openjdk version "17.0.15"` → 17; the old style `1.8.0` → 1. Undefined when no version is in the text. */
export const javaMajor = (versionText: string): number | undefined => {
  const major = /version "(\d+)/.exec(versionText)?.[1];
  return major === undefined ? undefined : Number(major);
};

/** The `java` to start: of JAVA_HOME when that is set, else of PATH. */
export const javaCommand = (environment: NodeJS.ProcessEnv): string =>
  environment.JAVA_HOME ? `${environment.JAVA_HOME}/bin/java` : 'java';

const hasJava = async (environment: NodeJS.ProcessEnv): Promise<boolean> => {
  const text = await tryRun(javaCommand(environment), ['-version'], { env: environment });
  return text !== undefined && (javaMajor(text) ?? 0) >= JAVA_OLDEST;
};

const hasGo = async (environment: NodeJS.ProcessEnv): Promise<boolean> => {
  const text = await tryRun('go', ['version'], { env: environment });
  const version = /go(\d+\.\d+)/.exec(text?.replace('go version', '') ?? '')?.[1];
  return version !== undefined && compareVersions(version, GO_OLDEST) >= 0;
};

/** The one sentence that names all that is missing, with the command that installs it. */
export const missingSentence = (
  missing: readonly Prerequisite[],
  platform: NodeJS.Platform,
): { message: string; advice: string } => {
  const names = new Intl.ListFormat('en-GB').format(missing.map((item) => item.name));
  const command =
    platform === 'darwin'
      ? `brew install ${missing.map((item) => item.brew).join(' ')}`
      : `sudo apt-get install -y ${missing.map((item) => item.debian).join(' ')}`;
  return {
    message: `${names} ${missing.length > 1 ? 'are' : 'is'} missing on this machine.`,
    advice: `Install with: ${command}`,
  };
};

/** What has to be installed on the machine before this start can go on. */
export type Needs = { readonly java: boolean; readonly maven: boolean; readonly go: boolean };

/** Throws one sentence that names everything missing at once, rather than one thing after another. */
export const checkPrerequisites = async (needs: Needs, environment: NodeJS.ProcessEnv): Promise<void> => {
  const [java, maven, go] = await Promise.all([
    !needs.java || hasJava(environment),
    !needs.maven || tryRun('mvn', ['-v'], { env: environment }).then(Boolean),
    !needs.go || hasGo(environment),
  ]);
  const missing = [...(java ? [] : [JAVA]), ...(maven ? [] : [MAVEN]), ...(go ? [] : [GO])];
  if (missing.length === 0) return;
  const { message, advice } = missingSentence(missing, process.platform);
  throw userError(message, advice);
};
