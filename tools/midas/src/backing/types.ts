import type { Progress } from '../progress/index.ts';

/** One backing service, as `midas status` shows it. A service used from a URL has no pid. */
export type BackingProcess = {
  readonly name: 'postgres' | 'nats' | 'keycloak';
  readonly url: string;
  readonly version: string;
  readonly pid?: number;
  readonly log?: string;
};

/** The real services that the platform stands on, running and ready. */
export type Backing = {
  /** A role that may create databases and roles. */
  readonly databaseUrl: string;
  readonly natsUrl: string;
  /** Files with the seeds of NATS's users by user; empty where NATS_URL names a server and NATS_KEYS no folder. */
  readonly natsSeedFiles: Readonly<Record<string, string>>;
  readonly keycloakUrl: string;
  readonly keycloakIssuer: string;
  /** Where a process reaches the realm; the same as the issuer on one machine. */
  readonly keycloakInternalUrl: string;
  /** An administrator of the local Keycloak, for tests and tools; absent where none was given. */
  readonly keycloakAdmin?: { readonly user: string; readonly password: string };
  /** Secrets of the confidential clients by client id: `service-<name>`, `partner-<name>`. */
  readonly clientSecrets: Readonly<Record<string, string>>;
  readonly processes: readonly BackingProcess[];
  /** Stops what runs in this home; a service used from a URL is left alone. */
  readonly stop: () => Promise<void>;
};

export type BackingOptions = {
  /** Folder of data, logs and pid files; made when absent. */
  readonly home: string;
  readonly report?: Progress;
  readonly environment?: NodeJS.ProcessEnv;
};
