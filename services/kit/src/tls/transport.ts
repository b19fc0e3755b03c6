import {
  type ChannelCredentials,
  type ChannelOptions,
  credentials,
  experimental,
  ServerCredentials,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import type { ProcessConfig } from '../config/config.ts';
import { type FollowOptions, followedCertificates } from './certificates.ts';
import { certifiedNames } from './names.ts';

/** How a process speaks gRPC: over mutual TLS when it has certificates, else in the clear. */
export interface Transport {
  readonly server: () => ServerCredentials;
  /** To a service that proves to be the one that is asked for. */
  readonly to: (callee: string) => Channel;
  /** Services that the certificate of a call's peer speaks for; undefined without certificates. */
  readonly peer: (
    call: Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>,
  ) => readonly string[] | undefined;
}

export interface Channel {
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

/** gRPC in the clear. */
export const plainTransport: Transport = {
  server: () => ServerCredentials.createInsecure(),
  to: () => ({ credentials: credentials.createInsecure(), options: {} }),
  peer: () => undefined,
};

type TlsFiles = Pick<ProcessConfig, 'TLS_CERT_FILE' | 'TLS_KEY_FILE' | 'TLS_CA_FILE'>;

/** The transport of a process by its configuration. @throws when there are certificates that cannot be used. */
export function transport(config: TlsFiles, follow: FollowOptions): Transport {
  const { TLS_CERT_FILE, TLS_KEY_FILE, TLS_CA_FILE } = config;
  if (TLS_CERT_FILE === undefined || TLS_KEY_FILE === undefined || TLS_CA_FILE === undefined)
    return plainTransport;
  const files = { certificate: TLS_CERT_FILE, privateKey: TLS_KEY_FILE, authorities: TLS_CA_FILE };
  const followed = followedCertificates(files, follow);
  return {
    server: () => experimental.createCertificateProviderServerCredentials(followed, followed, true),
    to: (callee) => ({
      credentials: experimental.createCertificateProviderChannelCredentials(followed, followed, {
        checkServerIdentity: (_host, certificate) =>
          certifiedNames(certificate).includes(callee)
            ? undefined
            : new Error(`The certificate is not that of ${callee}.`),
      }),
      // An address may be one of many, or a number; who answers is told by name.
      options: { 'grpc.ssl_target_name_override': callee },
    }),
    peer: (call) => certifiedNames(call.getAuthContext()?.sslPeerCertificate ?? {}),
  };
}
