import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that a test can close and open, while the server itself stays up for the other tests. */
export interface Way extends AsyncDisposable {
  /** The same URL by this way. */
  readonly url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Opens a way to the server of a URL. */
export async function wayTo(target: string): Promise<Way> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let own = 0;
  const start = async (): Promise<void> => {
    server = createServer((near) => {
      const far = connect(Number(port), hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        // An end on one side is one on the other, whatever its reason.
        one
          .on('error', () => undefined)
          .on('close', () => {
            sockets.delete(one);
            other.destroy();
          });
        one.pipe(other);
      }
    }).listen(own, '127.0.0.1');
    await once(server, 'listening');
    own = (server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = once(closing, 'close');
    closing.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await start();
  const url = new URL(target);
  url.port = String(own);
  return { url: url.href, start, stop, [Symbol.asyncDispose]: stop };
}
