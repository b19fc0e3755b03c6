import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { experimental } from '@grpc/grpc-js';
import type { Logger } from '../log/logger.ts';

/** Where a process has its certificates, in PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly privateKey: string;
  readonly authorities: string;
}

export interface FollowOptions {
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Milliseconds between two looks at the files. */
  readonly everyMs?: number;
}

interface Certificates {
  readonly ca: experimental.CaCertificateUpdate;
  readonly identity: experimental.IdentityCertificateUpdate;
}

const standardPause = 10_000;

/**
 * The certificates of this process, followed in their files: new connections use what the files hold now. Files that
 * cannot be read, or a certificate and a key that do not fit, as in the middle of a rotation, leave those before in use.
 * @throws when they cannot be used at the start.
 */
export function followedCertificates(
  files: CertificateFiles,
  { log, everyMs = standardPause }: FollowOptions,
): experimental.CertificateProvider {
  let current = read(files);
  let timer: NodeJS.Timeout | undefined;
  let isTold = false;
  const caListeners = new Set<experimental.CaCertificateUpdateListener>();
  const identityListeners = new Set<experimental.IdentityCertificateUpdateListener>();

  const look = (): void => {
    try {
      const found = read(files);
      isTold = false;
      if (isSame(found, current)) return;
      current = found;
      log.info({}, 'certificates were read anew');
      for (const tell of caListeners) tell(found.ca);
      for (const tell of identityListeners) tell(found.identity);
    } catch (error) {
      if (!isTold) log.warn({ error }, 'the certificates cannot be read; those before stay in use');
      isTold = true;
    }
  };
  const follow = (): void => {
    timer ??= setInterval(look, everyMs).unref();
  };
  const leave = (): void => {
    if (caListeners.size + identityListeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    addCaCertificateListener: (listener) => {
      caListeners.add(listener);
      follow();
      process.nextTick(() => listener(current.ca));
    },
    removeCaCertificateListener: (listener) => {
      caListeners.delete(listener);
      leave();
    },
    addIdentityCertificateListener: (listener) => {
      identityListeners.add(listener);
      follow();
      process.nextTick(() => listener(current.identity));
    },
    removeIdentityCertificateListener: (listener) => {
      identityListeners.delete(listener);
      leave();
    },
  };
}

function read(files: CertificateFiles): Certificates {
  const certificate = readFileSync(files.certificate);
  const privateKey = readFileSync(files.privateKey);
  const caCertificate = readFileSync(files.authorities);
  createSecureContext({ ca: caCertificate, cert: certificate, key: privateKey });
  return { ca: { caCertificate }, identity: { certificate, privateKey } };
}

function isSame(one: Certificates, other: Certificates): boolean {
  return (
    one.ca.caCertificate.equals(other.ca.caCertificate) &&
    one.identity.certificate.equals(other.identity.certificate) &&
    one.identity.privateKey.equals(other.identity.privateKey)
  );
}
