import type { PeerCertificate } from 'node:tls';

const uriOfService = 'urn:midas:service:';

/**
 * Names of the services that a verified certificate speaks for: its DNS names, and its URIs `urn:midas:service:<name>`.
 * The common name does not count.
 */
export function certifiedNames({
  subjectaltname = '',
}: Pick<PeerCertificate, 'subjectaltname'>): readonly string[] {
  // Node puts a name that could be read as several into quotation marks; such a one is nobody's of ours.
  if (subjectaltname.includes('"')) return [];
  return subjectaltname.split(', ').flatMap((entry) => {
    if (entry.startsWith('DNS:')) return [entry.slice('DNS:'.length)];
    if (entry.startsWith(`URI:${uriOfService}`)) return [entry.slice(`URI:${uriOfService}`.length)];
    return [];
  });
}
