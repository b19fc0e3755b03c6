import { createHmac, createPublicKey, sign } from 'node:crypto';
import type { RealmKey } from './realm.ts';

type Part = Readonly<Record<string, unknown>>;

const encode = (part: Part): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Claims of a token, unverified. */
export function claimsIn(token: string): Part {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

/** Header of a token, unverified. */
export function headerOf(token: string): Part {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
}

/** A token with these claims and a valid RS256 signature by a key; `header` is added to the usual one. */
export function signedBy(
  { privateKey, kid }: Pick<RealmKey, 'privateKey' | 'kid'>,
  claims: Part,
  header: Part = {},
): string {
  const text = `${encode({ alg: 'RS256', typ: 'JWT', kid, ...header })}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
}

/** Tokens with these claims whose symmetric signature has the public key as its secret, in each of its spellings. */
export function signedWithPublicKey({ publicKey, kid }: RealmKey, claims: Part): readonly string[] {
  const key = createPublicKey(publicKey);
  const secrets = [
    publicKey,
    publicKey.trim(),
    key.export({ type: 'spki', format: 'der' }),
    key.export({ type: 'pkcs1', format: 'pem' }),
    JSON.stringify(key.export({ format: 'jwk' })),
  ];
  return secrets.map((secret) => {
    const text = `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${encode(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  });
}

/** Tokens with these claims that say that they need no signature. */
export function unsigned(claims: Part, kid: string): readonly string[] {
  return ['none', 'None', 'NONE', ''].flatMap((alg) => {
    const text = `${encode({ alg, typ: 'JWT', kid })}.${encode(claims)}`;
    return [`${text}.`, `${text}.AA`];
  });
}
