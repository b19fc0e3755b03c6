import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseKeyRing } from './key-ring.ts';

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');
const port = z.coerce.number().int().min(0).max(65_535);

/** Marks a variable whose value `--print-config` hides. */
export const secret = z.registry<{ readonly hidden: true }>();

const path = z.string().min(1);

/** Certificates for mutual TLS between our processes, in PEM; all three or none. Read again when they change. */
const tlsVariables = {
  /** Certificate chain of this process, named after its service. */
  TLS_CERT_FILE: path.optional(),
  TLS_KEY_FILE: path.optional(),
  /** The authorities that sign our processes' certificates, and NATS's where its URL is tls://. */
  TLS_CA_FILE: path.optional(),
};

/** How NATS is reached: by nkey or by name and password; by neither where the server asks for none. */
export const natsConfig = z.object({
  /** One or several, separated by commas. A password in it would be shown by many a tool, so it takes none. */
  NATS_URL: z
    .string()
    .regex(/^(nats|tls):\/\/[^@]+$/, 'must be a nats:// or tls:// URL without name and password'),
  NATS_USER: z.string().min(1).optional(),
  NATS_PASSWORD: z.string().min(1).optional().register(secret, { hidden: true }),
  /** Seed of a user nkey (SU…). */
  NATS_NKEY_SEED: z
    .string()
    .regex(/^SU[A-Z2-7]{56}$/, 'must be the seed of a user nkey')
    .optional()
    .register(secret, { hidden: true }),
  ...tlsVariables,
});

/** What every process of the platform is told by its environment. */
export const processConfig = z.object({
  /** `true` only for the local demo. */
  MIDAS_DEMO: flag,
  /** Liveness, readiness and metrics. */
  ADMIN_PORT: port.default(0),
  LISTEN_HOST: z.string().min(1).default('127.0.0.1'),
  /** Issuer that tokens carry. */
  KEYCLOAK_ISSUER: z.url(),
  /** The same realm as this process reaches it. */
  KEYCLOAK_INTERNAL_URL: z.url(),
  SERVICE_CLIENT_SECRET: z.string().min(1).register(secret, { hidden: true }),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ...tlsVariables,
});

/** What every gRPC service is told besides. A service extends it with its own variables. */
export const serviceConfig = processConfig.extend({
  GRPC_PORT: port.default(0),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// URL')
    .register(secret, { hidden: true }),
  ...natsConfig.shape,
  /** The service's encryption keys. From a file, which is followed: a key that is added there is known at once. */
  KEY_RING: z
    .string()
    .superRefine((text, context) => {
      try {
        parseKeyRing(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'not valid' });
      }
    })
    .register(secret, { hidden: true }),
  KEY_RING_FILE: z.string().min(1).optional(),
  /** Seconds after which Keycloak is asked again whether a user's token still holds; its last yes holds twice as long. */
  TOKEN_RECHECK_SECONDS: z.coerce.number().positive().max(30).default(30),
  /** Years that a record is kept after it was closed or, where nothing closes it, recorded. */
  RETENTION_YEARS: z.coerce.number().int().min(1).max(100).default(7),
  /** Connections this process holds to its database. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),
  /** Seconds from one sealing of the audit trail to the next. */
  AUDIT_SEAL_SECONDS: z.coerce.number().min(0.1).max(10).default(5),
  /** Where each head of the sealed audit trail is copied to, besides the log. */
  AUDIT_HEADS_FILE: z.string().min(1).optional(),
});

/** Addresses of the gRPC peers that a process calls, as `<CALLEE>_ADDRESS=host:port`. */
export interface PeerAddresses {
  readonly [name: `${string}_ADDRESS`]: string | undefined;
}

export type ProcessConfig = Readonly<z.infer<typeof processConfig>> & PeerAddresses;
export type NatsConfig = Readonly<z.infer<typeof natsConfig>>;
export type ServiceConfig = Readonly<z.infer<typeof serviceConfig>> & PeerAddresses;

export interface LoadOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly argv?: readonly string[];
  readonly exit?: (code: number) => never;
  readonly print?: (text: string) => void;
  readonly printError?: (text: string) => void;
}

/** EX_CONFIG of sysexits.h. */
const configError = 78;
const addressShape = /^(dns:\/\/\/)?[A-Za-z0-9.-]+:\d{1,5}$/;

/**
 * Configuration of this process from its environment. Any variable may be given as `<NAME>_FILE`, the file that holds
 * it. Wrong variables are named, one a line, and the process ends with 78; with `--print-config` it prints what it
 * would run with, secrets hidden, and ends with 0.
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  options: LoadOptions = {},
): Readonly<z.infer<S>> & PeerAddresses {
  const { env = process.env, argv = process.argv, exit = process.exit } = options;
  const { print = console.log, printError = console.error } = options;
  const problems: string[] = [];
  const parsed = schema.safeParse(read(schema, env, problems));
  for (const issue of parsed.error?.issues ?? []) problems.push(`${issue.path.join('.')}: ${issue.message}`);
  if (parsed.success) problems.push(...missingPartners(parsed.data));
  const addresses = addressesOf(env, problems);
  if (!parsed.success || problems.length > 0) {
    for (const problem of problems) printError(problem);
    return exit(configError);
  }
  const config = Object.freeze({ ...addresses, ...parsed.data });
  if (argv.includes('--print-config')) {
    print(printable(schema, config));
    return exit(0);
  }
  return config;
}

/** Variables that are set together or not at all. */
const together = [
  ['NATS_USER', 'NATS_PASSWORD'],
  ['TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_CA_FILE'],
] as const;

function missingPartners(values: Readonly<Record<string, unknown>>): readonly string[] {
  return together.flatMap((names) => {
    const given = names.filter((name) => values[name] !== undefined);
    const missing = names.filter((name) => values[name] === undefined);
    return given.length === 0
      ? []
      : missing.map((name) => `${name}: must be set, as ${given.join(' and ')} is`);
  });
}

function read(
  schema: z.ZodObject,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const file = env[`${name}_FILE`];
    const value = env[name] || (file ? readText(name, file, problems) : undefined);
    if (value) values[name] = value;
  }
  return values;
}

function readText(name: string, file: string, problems: string[]): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    problems.push(`${name}_FILE: cannot be read`);
    return undefined;
  }
}

function addressesOf(env: Readonly<Record<string, string | undefined>>, problems: string[]): PeerAddresses {
  const found: Record<`${string}_ADDRESS`, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!isAddressName(name) || !value) continue;
    if (addressShape.test(value)) found[name] = value;
    else problems.push(`${name}: must be host:port`);
  }
  return found;
}

function isAddressName(name: string): name is `${string}_ADDRESS` {
  return /^[A-Z][A-Z_]*_ADDRESS$/.test(name);
}

function printable(schema: z.ZodObject, config: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(config).map(([name, value]) => {
    const shape: unknown = schema.shape[name];
    const isSecret = shape instanceof z.ZodType && secret.has(shape);
    return `${name}=${value === undefined ? '' : isSecret ? '[hidden]' : String(value)}`;
  });
  return lines.sort().join('\n');
}
