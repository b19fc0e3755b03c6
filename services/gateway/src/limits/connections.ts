import type { Server } from 'node:http';

/** How connections are held. Times are milliseconds. */
export interface ConnectionBounds {
  /** Open connections at this replica; what comes beyond is closed at once. */
  readonly most: number;
  /** Open connections of one address; undefined behind a proxy, whose connections are everyone's. */
  readonly mostPerAddress: number | undefined;
}

/** Times in which a caller must have done its part, so that a slow one holds nothing for long. */
export const patience = {
  /** Until all headers have arrived. */
  headersMs: 10_000,
  /** Between two requests on one connection. */
  idleMs: 65_000,
  /** How often it is looked for requests that are late. */
  lookEveryMs: 1_000,
  /** Requests on one connection, after which it is closed. */
  requests: 10_000,
} as const;

/** Bounds the connections of a server that does not listen yet. */
export function boundConnections(server: Server, { most, mostPerAddress }: ConnectionBounds): void {
  server.maxConnections = most;
  if (mostPerAddress === undefined) return;
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const now = (open.get(address) ?? 0) + 1;
    open.set(address, now);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
    if (now > mostPerAddress) socket.destroy();
  });
}
