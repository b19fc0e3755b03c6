import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  /** Parsed JSON; undefined when the body was empty or no JSON. */
  readonly json: unknown;
}

export interface Asked {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends one request; rejects on a network error or after 30 s without an answer. */
export type Http = (asked: Asked) => Promise<Answer>;

const TIMEOUT_MS = 30_000;

/** Requests over kept-alive connections, at most `connections` to a host at once. `close` ends idle ones. */
export function http(connections: number): { readonly send: Http; readonly close: () => void } {
  const options = { keepAlive: true, maxSockets: connections };
  const plain = new HttpAgent(options);
  const secure = new HttpsAgent(options);
  const send: Http = ({ method, url, headers, body }) =>
    new Promise((resolve, reject) => {
      const https = url.startsWith('https:');
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const sent = (https ? httpsRequest : httpRequest)(
        url,
        { method, agent: https ? secure : plain, headers: { ...headers, ...length }, timeout: TIMEOUT_MS },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const header = (name: string): string | undefined => {
              const value = response.headers[name];
              return Array.isArray(value) ? value[0] : value;
            };
            resolve({ status: response.statusCode ?? 0, header, json: parsed(Buffer.concat(chunks)) });
          });
        },
      );
      sent.on('timeout', () => sent.destroy(new Error('No answer in time.')));
      sent.on('error', reject);
      sent.end(body);
    });
  const close = (): void => {
    plain.destroy();
    secure.destroy();
  };
  return { send, close };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The text under a key of a JSON object; undefined when it is not there. */
export function textAt(json: unknown, key: string): string | undefined {
  const value =
    typeof json === 'object' && json !== null ? Object.entries(json).find(([name]) => name === key)?.[1] : '';
  return typeof value === 'string' && value !== '' ? value : undefined;
}
