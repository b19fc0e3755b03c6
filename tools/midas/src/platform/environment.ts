import type { Backing } from '../backing/index.ts';
import { urlFor } from '../migrate/index.ts';
import { applicationRole, databaseName, GATEWAY } from '../services.ts';

/** Where the processes listen, by service. The gateway's `main` port is HTTP, the others' gRPC. */
export type ServicePorts = Readonly<Record<string, { readonly main: number; readonly admin: number }>>;

export type EnvironmentInput = {
  readonly service: string;
  readonly backing: Pick<
    Backing,
    'databaseUrl' | 'natsUrl' | 'natsSeedFiles' | 'keycloakIssuer' | 'keycloakInternalUrl'
  >;
  readonly ports: ServicePorts;
  /** Services that this one calls. */
  readonly callees: readonly string[];
  readonly keepsDatabase: boolean;
  readonly databasePassword: string;
  readonly keyRingFile: string;
  readonly clientSecretFile: string;
  /** Where heads of the audit trail are copied to. */
  readonly auditHeadsFile: string;
  /** A folder where Node keeps compiled code. */
  readonly compileCache: string;
  /** The tool's own environment. */
  readonly outer: NodeJS.ProcessEnv;
};

// What a process needs of the machine, and settings that a person gives to `midas up` for the processes.
const PASSED_ON =
  /^(PATH|HOME|TZ|LANG|TMPDIR|NODE_EXTRA_CA_CERTS|LOG_LEVEL|AUDIT_\w+|MARAC_\w+|OTEL_\w+|RATE_LIMIT_\w+|DATABASE_POOL_SIZE|CORS_ORIGINS|\w+_LIMIT_BYTES|\w+_TIMEOUT_MS)$/;

// A year is sent in minutes, from one address and by few people.
const DEMO_LIMITS = { RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_ANONYMOUS_PER_MINUTE: '100000' };

/** `health-access` → `HEALTH_ACCESS_ADDRESS` */
const addressName = (service: string): string => `${service.toUpperCase().replaceAll('-', '_')}_ADDRESS`;

const natsOf = (
  service: string,
  { natsUrl, natsSeedFiles }: EnvironmentInput['backing'],
): Record<string, string> => {
  if (service === GATEWAY) return {};
  const seed = natsSeedFiles[service];
  return { NATS_URL: natsUrl, ...(seed ? { NATS_NKEY_SEED_FILE: seed } : {}) };
};

/** The whole environment of one process of the local platform. */
export const processEnvironment = (input: EnvironmentInput): Record<string, string> => {
  const { service, backing, ports, outer } = input;
  const own = ports[service];
  if (!own) throw new Error(`No ports were chosen for ${service}.`);
  const passed = Object.entries(outer).filter(([name]) => PASSED_ON.test(name));
  const peers = input.callees.flatMap((callee) => {
    const peer = ports[callee];
    return peer ? [[addressName(callee), `127.0.0.1:${peer.main}`]] : [];
  });
  const role = { name: applicationRole(service), password: input.databasePassword };
  const database = input.keepsDatabase
    ? { DATABASE_URL: urlFor(backing.databaseUrl, databaseName(service), role) }
    : {};
  const audit = input.keepsDatabase ? { AUDIT_HEADS_FILE: input.auditHeadsFile } : {};
  return {
    ...(service === GATEWAY ? DEMO_LIMITS : {}),
    ...audit,
    ...Object.fromEntries(passed),
    // Compiling takes two fifths of a start; what was compiled is kept for the next one.
    NODE_COMPILE_CACHE: input.compileCache,
    MIDAS_DEMO: 'true',
    LISTEN_HOST: '127.0.0.1',
    [service === GATEWAY ? 'HTTP_PORT' : 'GRPC_PORT']: String(own.main),
    ADMIN_PORT: String(own.admin),
    KEYCLOAK_ISSUER: backing.keycloakIssuer,
    KEYCLOAK_INTERNAL_URL: backing.keycloakInternalUrl,
    SERVICE_CLIENT_SECRET_FILE: input.clientSecretFile,
    KEY_RING_FILE: input.keyRingFile,
    ...database,
    ...natsOf(service, backing),
    ...Object.fromEntries(peers),
  };
};
