import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serviceTokens } from './service-tokens.ts';

let endpoint: Server;
let tokenUrl: string;
let asked: URLSearchParams[];
let status: number;

beforeEach(async () => {
  asked = [];
  status = 200;
  endpoint = createServer(async (request, response) => {
    asked.push(new URLSearchParams(await text(request)));
    const body = { access_token: `token-${asked.length}`, expires_in: 300 };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  const address = endpoint.address();
  tokenUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/token`;
});

afterEach(async () => {
  endpoint.closeAllConnections();
  endpoint.close();
});

describe('credentials of a service', () => {
  let clock = 1_000_000;
  const tokens = () => serviceTokens({ tokenUrl, clientId: 'service-a', secret: 's', now: () => clock });

  it('name one callee each and are asked for once by many', async () => {
    const of = tokens();
    expect(await Promise.all([of('b'), of('b'), of('b')])).toEqual(['token-1', 'token-1', 'token-1']);
    await of('c');
    expect(asked.map((form) => form.get('scope'))).toEqual(['to-b', 'to-c']);
    expect(asked[0]?.get('grant_type')).toBe('client_credentials');
  });

  it('are renewed beside the calls after a fifth of their life', async () => {
    const of = tokens();
    await of('b');
    clock += 59_000;
    expect(await of('b')).toBe('token-1');
    expect(asked).toHaveLength(1);
    clock += 2_000;
    expect(await of('b')).toBe('token-1');
    await vi.waitFor(async () => expect(await of('b')).toBe('token-2'));
    expect(asked).toHaveLength(2);
  });

  it('are not asked for by every call while none can be had', async () => {
    const of = tokens();
    await of('b');
    status = 500;
    clock += 100_000;
    await of('b');
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    await vi.waitFor(async () => {
      clock += 1_000;
      await of('b');
      expect(asked).toHaveLength(3);
    });
  });

  it('are used while they live if none can be had', async () => {
    const of = tokens();
    await of('b');
    status = 500;
    clock += 280_000;
    expect(await of('b')).toBe('token-1');
    clock += 30_000;
    await expect(of('b')).rejects.toMatchObject({ kind: 'unavailable', slug: 'identity-unavailable' });
    status = 200;
    expect(await of('b')).toMatch(/^token-/);
  });
});
