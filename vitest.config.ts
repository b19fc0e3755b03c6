import { defineConfig } from 'vitest/config';

// Tests stand on real PostgreSQL, NATS and Keycloak, which the global setup starts; two workers leave them room.
const common = {
  pool: 'forks' as const,
  testTimeout: 30_000,
  hookTimeout: 60_000,
  exclude: ['**/node_modules/**', '**/gen/**'],
  // Node runs the files itself, as it does in production: nothing is transformed.
  experimental: { viteModuleRunner: false, nodeLoader: false },
};

export default defineConfig({
  test: {
    globalSetup: ['./tests/setup/global.ts'],
    experimental: { viteModuleRunner: false, nodeLoader: false },
    maxWorkers: 2,
    reporters: process.env.MIDAS_TEST_REPORT
      ? ['default', ['json', { outputFile: process.env.MIDAS_TEST_REPORT }]]
      : ['default'],
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['services/*/src/**/*.test.ts', 'tools/*/src/**/*.test.ts'],
        },
      },
      {
        test: {
          ...common,
          name: 'platform',
          include: ['tests/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
