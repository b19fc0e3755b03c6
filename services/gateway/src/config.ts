import { processConfig } from '@midas/kit';
import { z } from 'zod';

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  );
const count = z.coerce.number().int().positive();

/** What the gateway is told by its environment, besides the `<SERVICE>_ADDRESS` of every service. */
export const gatewayConfig = processConfig.extend({
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Largest JSON body, bytes. */
  BODY_LIMIT_BYTES: count.default(1024 * 1024),
  /** Largest file sent to an RPC that takes a byte stream, bytes. */
  UPLOAD_LIMIT_BYTES: count.default(100 * 1024 * 1024),
  /** Milliseconds in which a request without a file must have arrived; a slow sender is cut off. */
  RECEIVE_TIMEOUT_MS: count.default(30_000),
  /** Deadline of a call, milliseconds. */
  REQUEST_TIMEOUT_MS: count.default(10_000),
  /** Deadline of a file in or out, milliseconds. */
  TRANSFER_TIMEOUT_MS: count.default(300_000),
  /** Requests a minute of one signed-in client and subject, at this replica. */
  RATE_LIMIT_PER_MINUTE: count.default(3_000),
  /** Requests a minute of one address without a token, at this replica. */
  RATE_LIMIT_ANONYMOUS_PER_MINUTE: count.default(300),
  /** Refused tokens a minute of one address, at this replica. */
  RATE_LIMIT_REFUSALS_PER_MINUTE: count.default(300),
  /** Calls in progress at once; what comes beyond is refused with 503. */
  MAX_IN_FLIGHT: count.default(512),
  /** Addresses of proxies, comma-separated, whose X-Forwarded-For is believed. */
  TRUSTED_PROXIES: list,
  /** Open connections at once, at this replica. */
  MAX_CONNECTIONS: count.default(4_096),
  /** Open connections of one address, at this replica; not counted behind trusted proxies. */
  MAX_CONNECTIONS_PER_IP: count.default(256),
  /** Origins, comma-separated, whose pages may call with a token, e.g. `https://console.example`. */
  CORS_ORIGINS: list.refine((origins) => origins.every(isOrigin), 'each must be an origin, scheme included'),
});

export type GatewayConfig = Readonly<z.infer<typeof gatewayConfig>>;

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** The address of each service by its name, from `HEALTH_ACCESS_ADDRESS` and the like. */
export function peerAddresses(config: object): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    const service = /^([A-Z][A-Z_]*)_ADDRESS$/.exec(name)?.[1];
    if (service !== undefined && typeof value === 'string')
      found[service.toLowerCase().replaceAll('_', '-')] = value;
  }
  return found;
}
