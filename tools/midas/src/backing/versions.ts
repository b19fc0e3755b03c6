/** What is started when no URL is given. Change a version here and nowhere else. */
export const NATS_VERSION = 'v2.15.2';
/** The oldest `nats-server` on PATH that is used instead. */
export const NATS_OLDEST = '2.10.0';
export const KEYCLOAK_VERSION = '26.7.4';
/** The oldest Java that runs it. */
export const JAVA_OLDEST = 17;
export const MAVEN_DEPENDENCY_PLUGIN = '3.8.1';

/** The oldest Go that fetches by itself the newer one which NATS asks for. */
export const GO_OLDEST = '1.21';

/** Compares dotted versions number by number; a leading `v` is left out. Negative when a is the older. */
export const compareVersions = (a: string, b: string): number => {
  const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (const index of [0, 1, 2]) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
