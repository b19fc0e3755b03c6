import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate with its key, in PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** An authority of a test's own. */
export interface TestAuthority {
  readonly certificate: string;
  /** Certifies someone by the names of an alternative name extension, e.g. `DNS:case`. */
  issue(...names: readonly string[]): TestCertificate;
}

/** An authority that nobody trusts but who is told to. */
export function testAuthority(): TestAuthority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = nameOf(`test authority ${randomBytes(4).toString('hex')}`);
  const signedHere = (subject: Buffer, key: KeyObject, extensions: readonly Buffer[]): string =>
    pem('CERTIFICATE', certificate({ issuer, subject, key, extensions, signer: own.privateKey }));
  return {
    certificate: signedHere(issuer, own.publicKey, [authorityExtension]),
    issue: (...names) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        certificate: signedHere(nameOf('test process'), publicKey, [alternativeNames(names)]),
        privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

/** Puts a certificate where a process finds it, and answers the variables that say where. */
export function installCertificate(folder: string, own: TestCertificate, trusted: TestAuthority) {
  const files = {
    TLS_CERT_FILE: join(folder, 'tls.crt'),
    TLS_KEY_FILE: join(folder, 'tls.key'),
    TLS_CA_FILE: join(folder, 'ca.crt'),
  };
  writeFileSync(files.TLS_CERT_FILE, own.certificate);
  writeFileSync(files.TLS_KEY_FILE, own.privateKey, { mode: 0o600 });
  writeFileSync(files.TLS_CA_FILE, trusted.certificate);
  return files;
}

interface Contents {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly key: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly signer: KeyObject;
}

// X.509 version 3 in DER (RFC 5280), as little of it as a test needs.
function certificate({ issuer, subject, key, extensions, signer }: Contents): Buffer {
  const day = 86_400_000;
  const validity = sequence(time(Date.now() - day), time(Date.now() + day));
  const signed = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    issuer,
    validity,
    subject,
    key.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  return sequence(signed, ecdsaWithSha256, bits(sign('sha256', signed, signer)));
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  // The shortest form, which strict readers insist on.
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...contents: readonly Buffer[]): Buffer => der(0x30, ...contents);
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const bits = (bytes: Buffer): Buffer => der(0x03, Buffer.from([0]), bytes);
const octets = (bytes: Buffer): Buffer => der(0x04, bytes);
const object = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const yes = der(0x01, Buffer.from([0xff]));

const ecdsaWithSha256 = sequence(object('2a8648ce3d040302'));
const commonName = object('550403');
const basicConstraints = object('551d13');
const subjectAlternativeName = object('551d11');

const authorityExtension = sequence(basicConstraints, yes, octets(sequence(yes)));

function nameOf(text: string): Buffer {
  return sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(text)))));
}

/** UTCTime, which counts to 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return der(0x17, Buffer.from(digits.slice(2)));
}

function alternativeNames(names: readonly string[]): Buffer {
  const entries = names.map((name) => {
    const [kind = '', ...rest] = name.split(':');
    return der(kind === 'URI' ? 0x86 : 0x82, Buffer.from(rest.join(':')));
  });
  return sequence(subjectAlternativeName, octets(sequence(...entries)));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
