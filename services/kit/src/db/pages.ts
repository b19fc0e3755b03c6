import { timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '../config/key-ring.ts';
import { fail } from '../errors/index.ts';
import { digest as keyedDigest, type NamedDigest } from './keys.ts';

/** Where a page ended: the last row in the order newest first. */
export interface PagePosition {
  readonly recordedAt: Date;
  readonly id: string;
}

export interface PageRequest {
  /** Rows wanted; 0 or absent means 50; at most 200. */
  readonly size?: number;
  /** `next_page_token` of the page before; empty for the first. */
  readonly token?: string;
  /** What the token is bound to: the caller's subject and every filter. Another binding refuses the token. */
  readonly binding: readonly unknown[];
}

/** Prisma arguments of one page: put `where` beside the others in an AND. Column `recordedAt` must be timestamptz(3). */
export interface Keyset {
  readonly where:
    | Record<string, never>
    | { readonly OR: [{ recordedAt: { lt: Date } }, { recordedAt: Date; id: { lt: string } }] };
  readonly orderBy: [{ recordedAt: 'desc' }, { id: 'desc' }];
  readonly take: number;
}

export interface Pages {
  /** One page, newest first. `nextPageToken` is empty on the last page. */
  page<Row extends PagePosition>(
    request: PageRequest,
    fetch: (keyset: Keyset) => Promise<readonly Row[]>,
  ): Promise<{ rows: readonly Row[]; nextPageToken: string }>;
  encode(position: PagePosition, binding: readonly unknown[]): string;
  /** @throws invalid `page-token-invalid` for a token that was changed or belongs to another list. */
  decode(token: string, binding: readonly unknown[]): PagePosition;
}

const macLength = 16;
const defaultSize = 50;
const largestSize = 200;

/** Keyset pagination by (recorded_at, id) descending, with tokens signed by the key ring. */
export function pages({ keyRing }: { readonly keyRing: KeyRing }): Pages {
  const mac = keyedDigest(keyRing);
  /** Signatures under every key, that of the key in force first. */
  const signatures = (body: Buffer, binding: readonly unknown[]): readonly [Buffer, ...Buffer[]] => {
    const bound = Buffer.concat([body, Buffer.from(JSON.stringify(binding))]);
    const [inForce, ...others] = mac.every('page-token', bound);
    const cut = ({ digest }: NamedDigest): Buffer => Buffer.from(digest).subarray(0, macLength);
    return [cut(inForce), ...others.map(cut)];
  };
  const encode: Pages['encode'] = ({ recordedAt, id }, binding) => {
    const body = Buffer.alloc(8 + Buffer.byteLength(id));
    body.writeDoubleBE(recordedAt.getTime());
    body.write(id, 8);
    return Buffer.concat([signatures(body, binding)[0], body]).toString('base64url');
  };
  const decode: Pages['decode'] = (token, binding) => {
    const bytes = Buffer.from(token, 'base64url');
    const body = bytes.subarray(macLength);
    const signed = bytes.subarray(0, macLength);
    const whole = body.length >= 8 && bytes.toString('base64url') === token;
    if (!whole || !signatures(body, binding).some((one) => timingSafeEqual(one, signed))) {
      fail(
        'invalid',
        'page-token-invalid',
        'The page token is not one that this list gave out; start without it.',
        [{ field: 'page_token', rule: 'page_token', message: 'must be a token that this list gave out' }],
      );
    }
    return { recordedAt: new Date(body.readDoubleBE()), id: body.toString('utf8', 8) };
  };
  const page: Pages['page'] = async ({ size, token, binding }, fetch) => {
    const wanted = Math.min(size !== undefined && size > 0 ? size : defaultSize, largestSize);
    const after = token === undefined || token === '' ? undefined : decode(token, binding);
    const found = await fetch(keyset(after, wanted + 1));
    const rows = found.slice(0, wanted);
    const last = rows.at(-1);
    const more = found.length > wanted && last !== undefined;
    return { rows, nextPageToken: more ? encode(last, binding) : '' };
  };
  return { page, encode, decode };
}

function keyset(after: PagePosition | undefined, take: number): Keyset {
  const orderBy: Keyset['orderBy'] = [{ recordedAt: 'desc' }, { id: 'desc' }];
  if (after === undefined) return { where: {}, orderBy, take };
  const { recordedAt, id } = after;
  return {
    where: { OR: [{ recordedAt: { lt: recordedAt } }, { recordedAt, id: { lt: id } }] },
    orderBy,
    take,
  };
}
