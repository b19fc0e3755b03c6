/** A variable that the suite's global setup gives to tests. @throws when a test runs without the setup. */
export function suiteVariable(name: `MIDAS_TEST_${string}`): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(
      `${name} is not set: run tests through vitest, whose global setup (tests/setup/global.ts) sets it`,
    );
  }
  return value;
}
