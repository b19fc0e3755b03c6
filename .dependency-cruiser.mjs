// The layer rules of the design, checked on every test run.
const service = '(referral|risk|case|health-access|perpetrator-programme|outcomes|gateway)';
/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-undeclared-dependency',
      severity: 'error',
      from: { path: '^(services|tools|tests)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'services-never-import-each-other',
      comment: 'A service speaks to another by gRPC and events only.',
      severity: 'error',
      from: { path: `^services/${service}/` },
      to: { path: `^services/${service}/`, pathNot: '^services/$1/' },
    },
    {
      name: 'kit-stands-alone',
      severity: 'error',
      from: { path: '^services/kit/' },
      to: { path: `^(services/${service}|tools)/` },
    },
    {
      name: 'rules-are-pure',
      comment: 'x.ts holds rules: no store, handler, database, wire or message bus.',
      severity: 'error',
      from: {
        path: '^services/(?!kit|gateway)[^/]+/src/[^/]+/[^./]+\\.ts$',
        pathNot: '^services/[^/]+/src/testing/',
      },
      to: {
        path: [
          '\\.(store|rpc|events)\\.ts$',
          '/gen/prisma/',
          '^services/kit/src/(?!rules)',
          'node_modules/(@prisma|@grpc|@nats-io|pg|fastify)',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'only-tests-use-testing',
      severity: 'error',
      from: { path: '^(services|tools)/', pathNot: '(\\.test\\.ts$|^services/[^/]+/src/testing/)' },
      to: { path: '^services/kit/src/testing/' },
    },
    {
      name: 'kit-by-its-front-door',
      severity: 'error',
      from: { path: `^(services/${service}|tools|tests)/` },
      to: {
        path: '^services/kit/src/',
        pathNot: '^services/kit/src/(index|nats|rules|testing/index|telemetry/start)\\.ts$',
      },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/gen/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
