import { createServer, type ServerResponse } from 'node:http';
import { metricsContentType, metricsText } from '../telemetry/prometheus.ts';
import type { Health } from './checks.ts';

export interface AdminOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly health: Health;
}

export interface Admin {
  /** `host:port`. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** Of every answer: no page frames or sniffs it, nothing keeps it. */
const headers = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The operators' port of a process: `/livez`, `/readyz` and `/metrics`. Tells nothing of any record. */
export async function adminServer({ host, port, health }: AdminOptions): Promise<Admin> {
  const pages: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    '/livez': async (response) => json(response, 200, { status: 'ok' }),
    '/readyz': async (response) => {
      const { ready, status, dependencies } = await health.readiness();
      json(response, ready ? 200 : 503, { status, dependencies });
    },
    '/metrics': async (response) => {
      response.writeHead(200, { 'content-type': metricsContentType }).end(await metricsText());
    },
  };
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const page = request.method === 'GET' ? pages[request.url ?? ''] : undefined;
    if (page === undefined) json(response, 404, { status: 'not found' });
    else page(response).catch(() => json(response, 500, { status: 'failed' }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    address: `${host}:${boundPort}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function json(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) response.end();
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
