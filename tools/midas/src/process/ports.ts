import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the range from which operating systems take the ports of outgoing connections, so that a remembered port
// is seldom found taken at the next start.
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Whether a TCP port can be listened on at this address now. */
export const isFree = async (port: number, host = '127.0.0.1'): Promise<boolean> => {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
};

/** A free port that is none of `taken`. */
export const findFreePort = async (taken: ReadonlySet<number>): Promise<number> => {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
};
