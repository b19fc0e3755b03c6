import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { fail } from '@midas/kit';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readEndpoints } from '../contract/endpoint.ts';
import { type FeedScript, fakeFeed } from '../testing/fake-feed.ts';
import { type TestGateway, testGateway } from '../testing/gateway.ts';
import { probeRegistry } from '../testing/probe.ts';

const endpoints = readEndpoints(probeRegistry()).filter(({ peer }) => peer === 'probe');
const limit = 3_000_000;
let feed: Awaited<ReturnType<typeof fakeFeed>>;
let gateway: TestGateway;
let origin: string;
let script: FeedScript = {};

beforeAll(async () => {
  feed = await fakeFeed(endpoints, () => script);
  gateway = await testGateway(endpoints, { probe: feed.address }, { uploadLimit: limit });
  origin = await gateway.listen();
});
afterEach(() => {
  script = {};
});
afterAll(async () => {
  await gateway.stop();
  feed.stop();
});

const headers = { authorization: 'Bearer a.b.c', 'idempotency-key': 'k1' };
const upload = (
  body: Uint8Array<ArrayBuffer> | string,
  contentType = 'text/csv',
  path = '/v1/feeds/f1:send',
) =>
  fetch(`${origin}${path}`, { method: 'POST', body, headers: { ...headers, 'content-type': contentType } });
const download = () => fetch(`${origin}/v1/feeds/f1:take`, { headers });
const base64 = (bytes: Buffer) => bytes.toString('base64');

describe('a file in', () => {
  it('arrives whole and in pieces, with its media type and the fields of the path', async () => {
    const sent = randomBytes(2_000_000);
    const hash = createHash('sha256');
    script = { take: ({ data }) => void hash.update(Buffer.from(String(data ?? ''), 'base64')) };
    const response = await upload(sent, 'application/x-ndjson');
    expect(response.status).toBe(200);
    const answer = Object(await response.json());
    expect(answer).toMatchObject({ feed_id: 'f1 application/x-ndjson', size: 2_000_000 });
    expect(answer.pieces).toBeGreaterThan(2);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
  });

  it('may be empty', async () => {
    expect(await (await upload('')).json()).toMatchObject({ size: 0, pieces: 1 });
  });

  it('is refused by the service in the middle, with a problem document', async () => {
    script = {
      take: (_piece, index) => (index === 2 ? fail('invalid', 'bad-row', 'Row 7 is no row.') : undefined),
    };
    const response = await upload(randomBytes(2_500_000));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ slug: 'bad-row' });
  });

  it('that says it is too large is refused before it is sent', async () => {
    const taken = vi.fn();
    script = { take: taken };
    const response = await upload(randomBytes(limit + 1));
    expect([response.status, Object(await response.json()).slug]).toEqual([413, 'body-too-large']);
    expect(taken).not.toHaveBeenCalled();
  });

  it('that grows too large is broken off', async () => {
    const before = feed.cancelled.length;
    const status = await chunked(randomBytes(100_000), 40);
    expect(status).toBe(413);
    await vi.waitFor(() => expect(feed.cancelled.length).toBe(before + 1));
  });

  it('needs the key and a token like any POST', async () => {
    const url = `${origin}/v1/feeds/f1:send`;
    expect(
      (await fetch(url, { method: 'POST', body: 'x', headers: { authorization: 'Bearer a.b.c' } })).status,
    ).toBe(400);
    expect(
      (await fetch(url, { method: 'POST', body: 'x', headers: { 'idempotency-key': 'k' } })).status,
    ).toBe(401);
  });

  it('does not pile up in the gateway while the service is slow', async () => {
    const free = Promise.withResolvers<void>();
    script = { take: (_piece, index) => (index === 1 ? free.promise : undefined) };
    let written = 0;
    const { request, status } = open();
    // Writes until the connection takes no more, which it must do long before the limit.
    const chunk = randomBytes(16_384);
    while (written < 2_900_000 && request.write(chunk)) written += chunk.length;
    request.end();
    free.resolve();
    expect(await status).toBe(200);
  });

  function open() {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const request = httpRequest(`${origin}/v1/feeds/f1:send`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'text/csv' },
    });
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject);
    return { request, status: promise };
  }

  async function chunked(chunk: Buffer, times: number): Promise<number | undefined> {
    const { request, status } = open();
    let answered = false;
    status.finally(() => {
      answered = true;
    });
    for (let index = 0; index < times && !answered; index += 1) {
      if (!request.write(chunk))
        await Promise.race([status, new Promise((resolve) => request.once('drain', resolve))]);
    }
    request.end();
    return status;
  }
});

describe('a file out', () => {
  it('arrives whole, under its media type, as something to be saved', async () => {
    const pieces = [randomBytes(50_000), randomBytes(70_000), randomBytes(10)];
    script = {
      async *give() {
        yield { content_type: 'text/csv', data: base64(pieces[0] ?? Buffer.alloc(0)) };
        for (const piece of pieces.slice(1)) yield { data: base64(piece) };
      },
    };
    const response = await download();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(response.headers.get('content-disposition')).toBe('attachment');
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.concat(pieces))).toBe(true);
  });

  it('of a type that a browser would run goes out as plain bytes', async () => {
    script = {
      async *give() {
        yield { content_type: 'text/html', data: base64(Buffer.from('<script>')) };
      },
    };
    expect((await download()).headers.get('content-type')).toBe('application/octet-stream');
  });

  it('refused before its first piece is a problem document', async () => {
    script = {
      // biome-ignore lint/correctness/useYield: it fails before there is anything to give
      async *give() {
        fail('not-found', 'not-found', 'No such feed.');
      },
    };
    const response = await download();
    expect([response.status, Object(await response.json()).slug]).toEqual([404, 'not-found']);
  });

  it('that breaks off in the middle does not look whole', async () => {
    script = {
      async *give() {
        yield { content_type: 'text/csv', data: base64(randomBytes(100_000)) };
        throw new Error('disk');
      },
    };
    const response = await download();
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  it('is no longer made when the client has gone', async () => {
    const before = feed.cancelled.length;
    script = {
      async *give() {
        for (;;) yield { content_type: 'text/csv', data: base64(randomBytes(50_000)) };
      },
    };
    const stop = new AbortController();
    const response = await fetch(`${origin}/v1/feeds/f1:take`, { headers, signal: stop.signal });
    await response.body?.getReader().read();
    stop.abort();
    await vi.waitFor(() => expect(feed.cancelled.length).toBe(before + 1));
  });
});
