import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { decodeExport, type ReceivedSpan } from './otlp-decode.ts';

export type { ReceivedSpan } from './otlp-decode.ts';

export interface OtlpReceiver extends AsyncDisposable {
  /** Value for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  /** Every span that arrived, in order of arrival. */
  readonly spans: readonly ReceivedSpan[];
  /** Everything that arrived as it came, for a search through what no span tells. */
  readonly bodies: readonly Uint8Array[];
}

/** A collector in this process: takes traces as OTLP over HTTP/protobuf, as every process of the platform sends them. */
export async function otlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: Uint8Array[] = [];
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      bodies.push(body);
      if (request.url === '/v1/traces') spans.push(...decodeExport(body));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    spans,
    bodies,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function read(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}
